import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { SecretDeps } from '../auth/secret-key.js';
import { createSharedCalls, delay } from '../lib/async.js';
import { UpstreamFailedError } from '../lib/errors.js';
import { parseJson } from '../lib/parse-json.js';
import { seal, unseal } from '../lib/seal.js';
import type { Platform } from '../platform.js';
import { claimRenewal, endRenewal, readToken, storeToken, type StoredToken } from './service-token-store.js';

/** Access tokens, which all processes together request once and renew once. */
export interface ServiceTokens {
  /** @param rejected the token that the service has just refused as expired: a newer one is returned */
  get(source: TokenSource, signal: AbortSignal, rejected?: string | null): Promise<string>;
}

export interface TokenSource {
  /** The same in all processes for the same credentials, and another for others (`tokenIdOf`). */
  id: string;
  displayName: string;
  /** A failure that is not retryable is kept for a while, in place of the next requests. */
  issue(signal: AbortSignal): Promise<IssuedToken>;
}

export interface IssuedToken {
  token: string;
  lifetimeMs: number;
}

/** Does not tell what the parts are. */
export function tokenIdOf(name: string, parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return `${name} ${digest.slice(0, 16)}`;
}

/** Longer than a token request with its repetitions; after it, a process that died is replaced. */
const LEASE_MS = 60_000;
const POLL_MS = 100;
const PATIENCE_MS = 20_000;
/** Wrong credentials stay wrong; changed ones have another id. */
const REFUSED_MS = 60_000;
/** A token that ends on its way to the service is of no use. */
const MARGIN_MS = 60_000;

const tokenSchema = z.object({ token: z.string(), usableUntilMs: z.number() });
type Token = z.infer<typeof tokenSchema>;

type TokenDeps = Pick<Platform, 'db' | 'clock'> & SecretDeps;

export function createServiceTokens(deps: TokenDeps): ServiceTokens {
  const { clock } = deps;
  const known = new LRUCache<string, Token>({ max: 16 });
  const share = createSharedCalls();
  const isUsable = ({ token, usableUntilMs }: Token, rejected: string | null) =>
    token !== rejected && usableUntilMs > clock.now().getTime();
  return {
    async get(source, signal, rejected = null) {
      const own = known.get(source.id);
      if (own && isUsable(own, rejected)) return own.token;
      // Who leaves does not end it: the others of all processes wait for this token.
      const wanted = {
        isUsable: (token: Token) => isUsable(token, rejected),
        signal: new AbortController().signal,
      };
      const key = JSON.stringify([source.id, rejected]);
      const found = await share(key, signal, () => findOrRenew(deps, source, wanted));
      known.set(source.id, found);
      return found.token;
    },
  };
}

const purposeOf = (id: string) => `service token ${id}`;

interface Wanted {
  isUsable: (token: Token) => boolean;
  signal: AbortSignal;
}

async function findOrRenew(
  deps: TokenDeps,
  source: TokenSource,
  { isUsable, signal }: Wanted,
): Promise<Token> {
  const { db } = deps;
  const { id, displayName } = source;
  const endsAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const stored = await readToken(db, id);
    const token = await open(deps, id, stored);
    if (token && isUsable(token)) return token;
    if (stored.refusal !== null) throw new UpstreamFailedError(stored.refusal, { retryable: false });
    const { version } = stored;
    if (await claimRenewal(db, { id, version }, LEASE_MS)) return renew(deps, source, { version, signal });
    if (performance.now() > endsAtMs) {
      throw new UpstreamFailedError(`${displayName} has issued no token in time; try again later.`);
    }
    await delay(POLL_MS, signal);
  }
}

/** Null also for one that another key has sealed: the next one takes its place. */
async function open({ secrets }: SecretDeps, id: string, { sealed }: StoredToken): Promise<Token | null> {
  const text = sealed === null ? null : unseal(sealed, purposeOf(id), await secrets.existing());
  return tokenSchema.safeParse(text === null ? null : parseJson(text)).data ?? null;
}

async function renew(
  { db, clock, secrets }: TokenDeps,
  { id, issue }: TokenSource,
  { version, signal }: { version: number; signal: AbortSignal },
): Promise<Token> {
  try {
    const { token, lifetimeMs } = await issue(signal);
    const marginMs = Math.min(MARGIN_MS, lifetimeMs / 10);
    const issued = { token, usableUntilMs: clock.now().getTime() + lifetimeMs - marginMs };
    const [key] = await secrets.keys();
    await storeToken(db, { id, version }, seal(JSON.stringify(issued), purposeOf(id), key));
    return issued;
  } catch (thrown) {
    const isFinal = thrown instanceof UpstreamFailedError && !thrown.retryable;
    await endRenewal(db, { id, version }, isFinal ? { message: thrown.message, forMs: REFUSED_MS } : null);
    throw thrown;
  }
}
