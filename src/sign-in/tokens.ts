import { randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { z } from 'zod';
import type { Platform } from '../platform.js';
import type { SecretDeps } from '../auth/secret-key.js';
import type { SignInLimits } from './sign-in-limits.js';
import { SIGNING_ALGORITHM, type SigningKeys } from './signing-keys.js';

interface AccessClaims {
  userId: string;
  sessionId: string;
  expiresAt: Date;
}

interface RefreshClaims extends AccessClaims {
  /** Counts the refresh tokens of a session. */
  generation: number;
}

export interface Tokens {
  signAccess(claims: AccessClaims): Promise<string>;
  signRefresh(claims: RefreshClaims): Promise<string>;
  /** Null unless it is an access token of ours that is still valid. */
  verifyAccess(token: string): Promise<AccessClaims | null>;
  /** Null unless it is a refresh token of ours that is still valid. */
  verifyRefresh(token: string): Promise<RefreshClaims | null>;
}

/** What signing in adds to Deps. */
export interface AuthDeps extends SecretDeps {
  tokens: Tokens;
  signingKeys: SigningKeys;
  signInLimits: SignInLimits;
}

const ISSUER = 'reprise';
/** The type of the header (RFC 9068 for access tokens) and the audience: neither kind passes for the other. */
const ACCESS = { typ: 'at+jwt', audience: 'reprise' };
const REFRESH = { typ: 'rt+jwt', audience: 'reprise-refresh' };
type Kind = typeof ACCESS;

/** Ours have about 400. */
const MAX_TOKEN_CHARS = 2_000;

const accessPayload = z.object({ sub: z.uuid(), sid: z.uuid(), exp: z.number() });
const refreshPayload = accessPayload.extend({ gen: z.int().min(0) });

export function createTokens({
  signingKeys,
  clock,
}: Pick<Platform, 'clock'> & { signingKeys: SigningKeys }): Tokens {
  const sign = async (kind: Kind, { userId, sessionId, expiresAt }: AccessClaims, more: JWTPayload = {}) => {
    const { kid, key } = await signingKeys.signer();
    return new SignJWT({ ...more, sid: sessionId })
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: kind.typ, kid })
      .setIssuer(ISSUER)
      .setAudience(kind.audience)
      .setSubject(userId)
      .setJti(randomUUID())
      .setIssuedAt(clock.now())
      .setExpirationTime(expiresAt)
      .sign(key);
  };
  const verify = async <T>(kind: Kind, token: string, payload: z.ZodType<T>): Promise<T | null> => {
    if (token.length > MAX_TOKEN_CHARS) return null;
    const findKey = async ({ kid }: { kid?: string }) => {
      const key = kid === undefined ? null : await signingKeys.find(kid);
      if (!key) throw new errors.JWKSNoMatchingKey();
      return key;
    };
    try {
      const verified = await jwtVerify(token, findKey, {
        ...kind,
        issuer: ISSUER,
        algorithms: [SIGNING_ALGORITHM],
        requiredClaims: ['exp', 'sub', 'sid', 'jti'],
        currentDate: clock.now(),
      });
      return payload.safeParse(verified.payload).data ?? null;
    } catch (thrown) {
      if (thrown instanceof errors.JOSEError) return null;
      throw thrown;
    }
  };
  return {
    signAccess: (claims) => sign(ACCESS, claims),
    signRefresh: ({ generation, ...claims }) => sign(REFRESH, claims, { gen: generation }),
    async verifyAccess(token) {
      const payload = await verify(ACCESS, token, accessPayload);
      return payload && toClaims(payload);
    },
    async verifyRefresh(token) {
      const payload = await verify(REFRESH, token, refreshPayload);
      return payload && { ...toClaims(payload), generation: payload.gen };
    },
  };
}

function toClaims({ sub, sid, exp }: z.infer<typeof accessPayload>): AccessClaims {
  return { userId: sub, sessionId: sid, expiresAt: new Date(exp * 1_000) };
}
