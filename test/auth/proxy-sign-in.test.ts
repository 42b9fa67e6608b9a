import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockOut } from '../../src/auth/user-store.js';
import { RawClient } from '../kit/raw-websocket.js';
import type { TestApp } from '../kit/start-app.js';
import { startSsoApp } from './sso-app.js';

const HEADERS = { AUTH_PROXY_HEADER: 'Remote-User', AUTH_PROXY_ADMIN_GROUP: 'Remote-Groups=music-admins' };

let app: TestApp;
/** Whose proxy is elsewhere. */
let distrustful: TestApp;
beforeAll(async () => {
  [app, distrustful] = await Promise.all([
    startSsoApp({ ...HEADERS, TRUST_PROXY: 'loopback', REGISTRATION_ENABLED: 'false' }),
    startSsoApp({ ...HEADERS, TRUST_PROXY: '192.0.2.1' }),
  ]);
  await app.deps.db.user.create({ data: { username: 'keeper', usernameKey: 'keeper', role: 'ADMIN' } });
});
afterAll(() => Promise.all([app.stop(), distrustful.stop()]));

interface Answer {
  data: { viewer: { username: string; role: string } | null; [field: string]: unknown } | null;
  errors?: { message: string; extensions: { code: string } }[];
}

async function ask(on: TestApp, headers: Record<string, string>, query = '{ viewer { username role } }') {
  const response = await fetch(`${on.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: '', ...headers },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as Answer;
}

const viewerBy = async (on: TestApp, headers: Record<string, string>) =>
  (await ask(on, headers)).data?.viewer;

describe('a user whom a proxy has signed in', () => {
  it('is made at first, and found by name later, in upper or lower case', async () => {
    expect(await viewerBy(app, { 'remote-user': 'ana.b' })).toEqual({ username: 'ana.b', role: 'USER' });
    expect(await viewerBy(app, { 'remote-user': 'Ana.B' })).toEqual({ username: 'ana.b', role: 'USER' });
    const entries = await app.deps.db.auditEntry.findMany({ where: { username: 'ana.b' } });
    expect(entries.map(({ action }) => action)).toEqual(['REGISTERED']);
  });

  it('is one user when the first requests come at once', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => viewerBy(app, { 'remote-user': 'twin' })));
    expect(all).toEqual(Array(5).fill({ username: 'twin', role: 'USER' }));
  });

  it('is made again at the next request, once deleted, while the proxy still signs them in', async () => {
    const where = { usernameKey: 'leaver' };
    await viewerBy(app, { 'remote-user': 'leaver' });
    const { id } = await app.deps.db.user.delete({ where });
    expect(await viewerBy(app, { 'remote-user': 'leaver' })).toEqual({ username: 'leaver', role: 'USER' });
    expect((await app.deps.db.user.findUniqueOrThrow({ where })).id).not.toBe(id);
  });

  it('keeps neither a connection nor a ticket once deleted, also before the rest of them is gone', async () => {
    const headers = { 'remote-user': 'streamer' };
    const { data } = await ask(
      app,
      headers,
      'mutation { createStreamTicket { ... on StreamTicket { ticket } } }',
    );
    const { ticket } = data?.['createStreamTicket'] as { ticket: string };
    const client = await RawClient.open(`${app.url.replace('http', 'ws')}/graphql`, { headers });
    client.say({ type: 'connection_init' });
    await client.hear(({ type }) => type === 'connection_ack');
    client.subscribe('updates', 'subscription { taskUpdates { sequence } }');
    client.subscribe('who', '{ viewer { username } }');
    await client.hear(({ id, type }) => id === 'who' && type === 'complete');
    expect(JSON.stringify(client.of('who'))).toContain('streamer');
    const { id } = await app.deps.db.user.findUniqueOrThrow({ where: { usernameKey: 'streamer' } });
    await app.deps.db.$transaction((tx) => lockOut(tx, id, new Date()));
    expect(await client.closed()).toBe(4403);
    const stream = await fetch(`${app.url}/api/prgs/stream?token=${ticket}`, {
      headers: { authorization: '' },
    });
    await stream.body?.cancel();
    expect(stream.status).toBe(401);
  });

  it('has the role that the groups say, at each request', async () => {
    const headers = { 'remote-user': 'boss', 'remote-groups': 'staff, music-admins' };
    expect(await viewerBy(app, headers)).toEqual({ username: 'boss', role: 'ADMIN' });
    expect(await viewerBy(app, { ...headers, 'remote-groups': 'staff' })).toMatchObject({ role: 'USER' });
    expect(await viewerBy(app, { ...headers, 'remote-groups': 'staff|music-admins' })).toMatchObject({
      role: 'ADMIN',
    });
    expect(await viewerBy(app, { 'remote-user': 'boss' })).toMatchObject({ role: 'USER' });
  });

  it.each(['system', 'Anonymous', 'a', 'ann@example.org', '../x', 'a b c'])(
    'cannot be called %s',
    async (name) => {
      const { data, errors } = await ask(app, { 'remote-user': name }, '{ tasks(first: 1) { totalCount } }');
      expect(data).toBeNull();
      expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
      expect(errors?.[0]?.message).toContain('"Remote-User"');
    },
  );

  it('is nobody if the header is empty or missing', async () => {
    expect(await viewerBy(app, {})).toBeNull();
    expect(await viewerBy(app, { 'remote-user': ' ' })).toBeNull();
  });

  it('is nobody with a token that is not valid: no request is of two people', async () => {
    expect(await viewerBy(app, { 'remote-user': 'ana.b', authorization: 'Bearer x.y.z' })).toBeNull();
  });
});

describe('a request from an address that TRUST_PROXY does not name', () => {
  it('is nobody’s, whatever the header and forwarded addresses say', async () => {
    const headers = { 'remote-user': 'boss', 'remote-groups': 'music-admins' };
    expect(await viewerBy(distrustful, headers)).toBeNull();
    expect(await viewerBy(distrustful, { ...headers, 'x-forwarded-for': '192.0.2.1' })).toBeNull();
    expect(await distrustful.deps.db.user.count({ where: { usernameKey: { not: null } } })).toBe(0);
  });
});
