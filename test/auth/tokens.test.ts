import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { findSession } from '../../src/sign-in/session-store.js';
import { createContextFactory } from '../../src/context.js';
import { createContextRequest } from '../kit/context-request.js';
import { createPerson, send, signInAs, whoIs, WHO } from '../kit/sign-in.js';
import { spyOnQueries } from '../kit/spy-on-queries.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import type { User } from '../../src/auth/user-store.js';

let app: TestApp;
let dataDir: string;
let user: User;
/** A token of the user that is valid, and the session that it is of. */
let valid: string;
let sessionId: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'reprise-auth-'));
  app = await startApp({ env: { authEnabled: true, dataDir } });
});
afterAll(async () => {
  await app.stop();
  await rm(dataDir, { recursive: true });
});
beforeEach(async () => {
  user = await createPerson(app);
  valid = (await signInAs(app, user)).accessToken;
  const { id } = await app.deps.db.session.findFirstOrThrow({ where: { userId: user.id } });
  sessionId = id;
});

interface Forgery {
  header?: Record<string, unknown>;
  claims?: Record<string, unknown>;
  key?: CryptoKey | Uint8Array;
}

/** Like a token of ours, but for what is given; signed with our own key, unless another is given. */
async function forge({ header = {}, claims = {}, key }: Forgery = {}): Promise<string> {
  const signer = await app.deps.signingKeys.signer();
  const nowS = Math.floor(Date.now() / 1_000);
  const all = {
    iss: 'reprise',
    aud: 'reprise',
    sub: user.id,
    sid: sessionId,
    jti: randomUUID(),
    iat: nowS,
    exp: nowS + 600,
  };
  return new SignJWT({ ...all, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: signer.kid, ...header })
    .sign(key ?? signer.key, { crit: { 'x-more': true } });
}

const withPart = (token: string, index: number, part: string): string =>
  token
    .split('.')
    .map((each, n) => (n === index ? part : each))
    .join('.');

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (token: string, index: number) =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Record<string, unknown>;

describe('an access token', () => {
  it('is what its claims say, and is accepted', async () => {
    const { kid } = await app.deps.signingKeys.signer();
    expect(decoded(valid, 0)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid });
    const { iat, exp, jti, ...claims } = decoded(valid, 1);
    expect(claims).toEqual({
      iss: 'reprise',
      aud: 'reprise',
      sub: user.id,
      sid: sessionId,
    });
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);
    expect(Number(exp) - Number(iat)).toBe(15 * 60);
    expect(await whoIs(app, { token: valid })).toBe(user.username);
    // Or else nothing below would show anything.
    expect(await whoIs(app, { token: await forge() })).toBe(user.username);
  });

  const refused: Record<string, () => Promise<string> | string> = {
    'with other claims than were signed': () => {
      const claims = { ...decoded(valid, 1), sub: randomUUID() };
      return withPart(valid, 1, encoded(claims));
    },
    'with a longer life than was signed': () =>
      withPart(valid, 1, encoded({ ...decoded(valid, 1), exp: 4_000_000_000 })),
    'with a signature of another token': async () => withPart(valid, 2, (await forge()).split('.')[2] ?? ''),
    'without a signature': () => withPart(valid, 2, ''),
    'with alg none': () =>
      new UnsecuredJWT({ sid: sessionId, jti: randomUUID() })
        .setIssuer('reprise')
        .setAudience('reprise')
        .setSubject(user.id)
        .setIssuedAt()
        .setExpirationTime('10m')
        .encode(),
    'with alg none and our own header': async () => {
      const { kid } = await app.deps.signingKeys.signer();
      const header = encoded({ alg: 'none', typ: 'at+jwt', kid });
      return `${header}.${valid.split('.')[1]}.`;
    },
    'with the public key as the secret of an HMAC': async () => {
      const [published] = await app.deps.signingKeys.published();
      const key = new TextEncoder().encode(JSON.stringify(published));
      return forge({ header: { alg: 'HS256' }, key });
    },
    'of another key': async () => forge({ key: (await generateKeyPair('EdDSA')).privateKey }),
    'of another key that it brings along': async () => {
      const { privateKey, publicKey } = await generateKeyPair('EdDSA', { extractable: true });
      return forge({ header: { jwk: await exportJWK(publicKey), kid: undefined }, key: privateKey });
    },
    'of a key that does not exist': () => forge({ header: { kid: randomUUID() } }),
    'that names no key': () => forge({ header: { kid: undefined } }),
    'for another audience': () => forge({ claims: { aud: 'another-service' } }),
    'for no audience': () => forge({ claims: { aud: undefined } }),
    'of another issuer': () => forge({ claims: { iss: 'https://evil.example' } }),
    'of the type JWT': () => forge({ header: { typ: 'JWT' } }),
    'of no type': () => forge({ header: { typ: undefined } }),
    'that is a refresh token': () =>
      app.deps.tokens.signRefresh({
        userId: user.id,
        sessionId,
        generation: 0,
        expiresAt: new Date(Date.now() + 60_000),
      }),
    'that is a refresh token with another header': async () =>
      forge({ claims: { aud: 'reprise-refresh', gen: 0 } }),
    'that has ended': () => forge({ claims: { exp: Math.floor(Date.now() / 1_000) - 1 } }),
    'that never ends': () => forge({ claims: { exp: undefined } }),
    'without an id of its own': () => forge({ claims: { jti: undefined } }),
    'without a session': () => forge({ claims: { sid: undefined } }),
    'of a session that does not exist': () => forge({ claims: { sid: randomUUID() } }),
    'of a session that is no id': () => forge({ claims: { sid: "' OR true --" } }),
    'of another user’s session': async () => forge({ claims: { sub: (await createPerson(app)).id } }),
    'that is not yet valid': () => forge({ claims: { nbf: Math.floor(Date.now() / 1_000) + 600 } }),
    'that demands an extension': () => forge({ header: { crit: ['x-more'], 'x-more': 1 } }),
    'longer than any of ours': () => forge({ claims: { more: 'x'.repeat(3_000) } }),
    'that is no token': () => 'not-a-token',
    'of two dots': () => '..',
  };
  it.each(Object.entries(refused))('%s is refused', async (_, make) => {
    const token = await make();
    expect(await whoIs(app, { token })).toBeNull();
    const { codes } = await send(app, WHO, { token });
    expect(codes).toEqual([]);
    const context = await createContextFactory(app.deps)(
      createContextRequest({ headers: new Headers({ authorization: `Bearer ${token}` }) }),
    );
    const { code, message } = context.refusal();
    expect(code).toBe('UNAUTHENTICATED');
    expect(message).toContain('token');
  });

  it('of a deleted user is refused at once', async () => {
    await app.deps.db.user.delete({ where: { id: user.id } });
    expect(await whoIs(app, { token: valid })).toBeNull();
  });

  it('ends with its session, if that is sooner', async () => {
    const expiresAt = new Date(Date.now() + 30_000);
    await app.deps.db.session.update({ where: { id: sessionId }, data: { expiresAt } });
    const headers = new Headers({ authorization: `Bearer ${valid}` });
    const { access } = await createContextFactory(app.deps)(createContextRequest({ headers }));
    expect(access).toMatchObject({ expiresAt, credential: { kind: 'session', id: sessionId } });
    await app.deps.db.session.update({ where: { id: sessionId }, data: { expiresAt: new Date(0) } });
    expect(await whoIs(app, { token: valid })).toBeNull();
  });
});

describe('a request', () => {
  const contextOf = (changes: Parameters<typeof createContextRequest>[0]) =>
    createContextFactory(app.deps)(createContextRequest(changes));

  it('carries its token in the header, in connection_init, or in an event stream’s address', async () => {
    const ways = [
      { headers: new Headers({ authorization: `Bearer ${valid}` }) },
      { headers: new Headers({ authorization: `bearer  ${valid}` }) },
      { connectionParams: { authorization: `Bearer ${valid}` } },
      { connectionParams: { Authorization: valid } },
      { connectionParams: { token: valid } },
      { streamToken: valid },
    ];
    for (const way of ways) expect((await contextOf(way)).viewer.username).toBe(user.username);
  });

  it('is nobody’s without one, and a proxy’s Basic credentials are not one', async () => {
    for (const way of [
      {},
      { headers: new Headers({ authorization: 'Basic dTpw' }) },
      { connectionParams: { token: '' } },
    ]) {
      const { viewer, access } = await contextOf(way);
      expect(viewer.username).toBe('anonymous');
      expect(access.problem).toBeNull();
    }
  });

  it('takes one query to identify, however many documents it runs', async () => {
    const createContext = createContextFactory(app.deps);
    const request = createContextRequest({ headers: new Headers({ authorization: `Bearer ${valid}` }) });
    const countQueries = spyOnQueries(app.deps, { ofSessions: true });
    const contexts = await Promise.all([
      createContext(request),
      createContext(request),
      createContext(request),
    ]);
    expect(contexts.map(({ viewer }) => viewer.id)).toEqual([user.id, user.id, user.id]);
    expect(countQueries()).toBe(1);
  });

  it('over a WebSocket is identified for each operation', async () => {
    const client = createClient({
      url: `${app.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${valid}` },
    });
    const ask = async () => {
      const results = client.iterate<{ viewer: { username: string } | null }>({ query: WHO.toString() });
      for await (const { data } of results) return data?.viewer?.username ?? null;
      return null;
    };
    try {
      expect(await ask()).toBe(user.username);
      expect(await findSession(app.deps.db, sessionId, new Date())).toMatchObject({ userId: user.id });
      await app.deps.db.session.delete({ where: { id: sessionId } });
      // The connection may be closed before it answers, which says the same.
      expect(await ask().catch(() => null)).toBeNull();
    } finally {
      await client.dispose();
    }
  });
});
