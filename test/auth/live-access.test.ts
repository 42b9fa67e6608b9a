import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLiveAccess } from '../../src/sign-in/live-access.js';
import type { User } from '../../src/auth/user-store.js';
import { viewerOf, type Access } from '../../src/auth/viewer.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { RawClient } from '../kit/raw-websocket.js';
import { createPerson, send, SIGN_OUT, signInAs } from '../kit/sign-in.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { stretch, waitFor } from '../kit/wait-for.js';

/** Two apps stand for two processes: they share the database and the directory of the secret key, and no memory. */
let database: TestDatabase;
let dataDir: string;
let app: TestApp;
let other: TestApp;

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'reprise-auth-'));
  const options = { database, env: { authEnabled: true, dataDir, role: 'api' as const } };
  [app, other] = await Promise.all([startApp(options), startApp(options)]);
});
afterAll(async () => {
  await Promise.all([app.stop(), other.stop()]);
  await database.drop();
  await rm(dataDir, { recursive: true });
});

// Begins with the settings in force, so that its reader knows that it runs.
const UPDATES = 'subscription { settingsUpdates { sequence } }';
const socketUrl = (to = app) => `${to.url.replace('http', 'ws')}/graphql`;

interface SignedIn {
  user: User;
  token: string;
}

async function signIn(role: User['role'] = 'USER'): Promise<SignedIn> {
  const user = await createPerson(app, { role });
  return { user, token: (await signInAs(app, user)).accessToken };
}

/** A socket with a running subscription: one that begins later, when its viewer has signed out, is refused. */
async function openSocket(token: string): Promise<RawClient> {
  const client = await RawClient.ready(socketUrl(), { authorization: `Bearer ${token}` });
  client.subscribe('updates', UPDATES);
  await client.hear(({ id, type }) => id === 'updates' && type === 'next');
  return client;
}

/** Resolves once the stream's headers are there; `ended` when the server ends it. */
async function openStream(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${app.url}${path}`, { headers });
  const ended = response.text().catch(() => 'cut');
  return { status: response.status, type: response.headers.get('content-type'), ended };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const restStream = (token: string) => openStream('/api/prgs/stream', bearer(token));
const graphqlStream = (token: string) =>
  openStream(`/graphql?query=${encodeURIComponent(UPDATES)}`, {
    ...bearer(token),
    accept: 'text/event-stream',
  });

describe('a WebSocket', () => {
  it.each(['forged', 'reprise_forged', 'ticket_forged', `${'x'.repeat(20)}.e30.`])(
    'with the token %s is closed with 4403',
    async (token) => {
      const client = await RawClient.open(socketUrl());
      client.say({ type: 'connection_init', payload: { token } });
      expect(await client.closed()).toBe(4403);
      expect(client.heard).toEqual([]);
    },
  );

  it('without a token stands, and its operations say what they require', async () => {
    const client = await RawClient.ready(socketUrl());
    client.subscribe('open', '{ authStatus { enabled } }');
    client.subscribe('guarded', UPDATES);
    await client.hear(({ id, type }) => id === 'open' && type === 'complete');
    const refused = await client.hear(({ id }) => id === 'guarded');
    expect(JSON.stringify(refused)).toContain('UNAUTHENTICATED');
    expect(client.closeCode).toBeNull();
    client.socket.close();
  });

  it('ends at once when another process signs the user out, and others’ sockets do not', async () => {
    const [leaving, staying] = [await signIn(), await signIn()];
    const [client, bystander] = [await openSocket(leaving.token), await openSocket(staying.token)];
    await send(other, SIGN_OUT, { token: leaving.token, variables: {} });
    expect(await client.closed()).toBe(4403);
    bystander.subscribe('still', '{ viewer { username } }');
    await bystander.hear(({ id, type }) => id === 'still' && type === 'complete');
    bystander.socket.close();
  });

  it('is told that its own mutation signed it out before it is closed, every time', async () => {
    const user = await createPerson(app);
    // The further ones have nothing to end, and give the close time to overtake the answer.
    const more = ['b', 'c', 'd', 'e', 'f'].map((name) => `${name}: signOut { sessions }`);
    const mutation = `mutation { signOut { sessions } ${more.join(' ')} }`;
    for (let round = 0; round < 20; round++) {
      const client = await openSocket((await signInAs(app, user)).accessToken);
      client.subscribe('out', mutation);
      expect(await client.closed()).toBe(4403);
      expect(client.of('out'), `round ${round}`).toMatchObject([
        { type: 'next', payload: { data: { signOut: { sessions: 1 } } } },
        { type: 'complete' },
      ]);
      expect(client.of('updates').filter(({ type }) => type !== 'next')).toEqual([]);
    }
  });

  it('ends when the role of its user changes', async () => {
    const { user, token } = await signIn('ADMIN');
    const client = await openSocket(token);
    await other.deps.db.user.update({ where: { id: user.id }, data: { role: 'USER' } });
    expect(await client.closed()).toBe(4403);
  });

  it('ends when its user is deleted', async () => {
    const { user, token } = await signIn();
    const client = await openSocket(token);
    await other.deps.db.user.delete({ where: { id: user.id } });
    expect(await client.closed()).toBe(4403);
  });

  it('stays open when something else of its user ends', async () => {
    const { user, token } = await signIn();
    const [kept, second] = [await openSocket(token), (await signInAs(app, user)).accessToken];
    const client = await openSocket(second);
    await send(other, SIGN_OUT, { token: second, variables: {} });
    expect(await client.closed()).toBe(4403);
    kept.subscribe('still', '{ viewer { username } }');
    await kept.hear(({ id, type }) => id === 'still' && type === 'complete');
    kept.socket.close();
  });

  it('of an API key ends when the scopes of the key change, and when it is revoked', async () => {
    const { token, user } = await signIn();
    for (const change of ['scopes', 'revoked']) {
      const { apiKey, key } = await createKey(token, change);
      const client = await openSocket(key);
      const where = { userId: user.id, name: change };
      if (change === 'scopes')
        await other.deps.db.apiKey.updateMany({ where, data: { scopes: ['READ', 'MANAGE'] } });
      else await other.deps.db.apiKey.deleteMany({ where });
      expect(await client.closed(), apiKey).toBe(4403);
    }
  });

  it('ends although the notification was lost', async () => {
    const { user, token } = await signIn();
    const client = await openSocket(token);
    await cutListeners();
    await other.deps.db.session.deleteMany({ where: { userId: user.id } });
    expect(await client.closed()).toBe(4403);
  });

  it('ends with its token', async () => {
    const client = await openSocket(await shortToken(await signIn()));
    expect(await client.closed()).toBe(4403);
  });
});

describe.each([
  ['REST', restStream],
  ['GraphQL', graphqlStream],
])('an event stream of %s', (_name, open) => {
  it('ends when another process signs the user out', async () => {
    const { token } = await signIn();
    const stream = await open(token);
    expect([stream.status, stream.type]).toEqual([200, expect.stringContaining('text/event-stream')]);
    await send(other, SIGN_OUT, { token, variables: {} });
    await stream.ended;
  });

  it('ends when the role of its user changes', async () => {
    const { user, token } = await signIn();
    const stream = await open(token);
    await other.deps.db.user.update({ where: { id: user.id }, data: { role: 'ADMIN' } });
    await stream.ended;
  });

  it('ends with its token', async () => {
    const stream = await open(await shortToken(await signIn()));
    expect(stream.status).toBe(200);
    await stream.ended;
  });

  it('with a bad token is refused', async () => {
    const { status, ended } = await open('forged');
    const text = await ended;
    expect(status === 401 || text.includes('UNAUTHENTICATED')).toBe(true);
  });
});

describe('what watches over open connections', () => {
  it('checks all of a user with one query, and none that have left', async () => {
    const { user } = await signIn();
    const sessions = await Promise.all(
      [1, 2].map(() => app.deps.db.session.create({ data: { userId: user.id, expiresAt: inAnHour() } })),
    );
    const { live, queries } = watch();
    const ended: string[] = [];
    const stops = sessions.flatMap(({ id }) =>
      Array.from({ length: 500 }, () => live.follow(accessBy(user, id))?.(() => ended.push(id))),
    );
    const [gone] = sessions;
    await app.deps.db.session.delete({ where: { id: gone?.id ?? '' } });
    await waitFor(() => ended.length === 500);
    expect(queries()).toBe(1);
    expect(new Set(ended)).toEqual(new Set([gone?.id]));

    stops.forEach((stop) => stop?.());
    await app.deps.db.session.deleteMany({ where: { userId: user.id } });
    const witness = await signIn();
    const seen = new Promise<void>((resolve) => {
      live.follow({ ...accessBy(witness.user, 'none'), credential: null })?.(resolve);
    });
    await app.deps.db.user.delete({ where: { id: witness.user.id } });
    await seen;
    expect([queries(), ended.length]).toEqual([2, 500]);
    live.stop();
  });

  it('checks again what changed just before it was followed', async () => {
    const { user } = await signIn();
    const session = await app.deps.db.session.create({ data: { userId: user.id, expiresAt: inAnHour() } });
    const { live } = watch();
    const heard = new Promise<void>((resolve) => {
      const stop = app.deps.bus.on('access.changed', ({ userId }) => {
        if (userId !== user.id) return;
        stop();
        resolve();
      });
    });
    await app.deps.db.session.delete({ where: { id: session.id } });
    await heard;
    await new Promise<void>((resolve) => void live.follow(accessBy(user, session.id))?.(resolve));
    live.stop();
  });
});

const inAnHour = () => new Date(Date.now() + 3_600_000);

function accessBy(user: User, sessionId: string): Access {
  return {
    viewer: viewerOf(user),
    credential: { kind: 'session', id: sessionId },
    expiresAt: inAnHour(),
    problem: null,
  };
}

/** One of its own, on the app's bus and database, that counts its queries. */
function watch() {
  let count = 0;
  const db = new Proxy(app.deps.db, {
    get(target, name, receiver) {
      if (name === '$queryRaw') count += 1;
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  return { live: createLiveAccess({ ...app.deps, db }), queries: () => count };
}

/** Valid for a second more than a request should take, as tokens count in whole seconds. */
async function shortToken({ user }: SignedIn): Promise<string> {
  const session = await app.deps.db.session.create({ data: { userId: user.id, expiresAt: inAnHour() } });
  const expiresAt = new Date(Date.now() + stretch(2_000));
  return app.deps.tokens.signAccess({ userId: user.id, sessionId: session.id, expiresAt });
}

/** As when the network to the database fails: what is sent meanwhile is lost. */
async function cutListeners(): Promise<void> {
  await app.deps.db.$queryRaw`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'reprise events%'`;
}

const CREATE_KEY = graphql(`
  mutation CreateLiveKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      __typename
      ... on ApiKeyCreated {
        key
        apiKey {
          id
        }
      }
    }
  }
`);

async function createKey(token: string, name: string): Promise<{ key: string; apiKey: string }> {
  const { data } = await send(app, CREATE_KEY, { token, variables: { input: { name, scopes: ['READ'] } } });
  if (data.createApiKey.__typename !== 'ApiKeyCreated') throw new Error(JSON.stringify(data));
  return { key: data.createApiKey.key, apiKey: data.createApiKey.apiKey.id };
}
