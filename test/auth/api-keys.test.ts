import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { findKeyAccess } from '../../src/sign-in/api-keys.js';
import type { Viewer } from '../../src/auth/viewer.js';
import { graphql } from '../../src/generated/documents/gql.js';
import type { CreateApiKeyInput } from '../../src/generated/documents/graphql.js';
import { inTransaction } from '../../src/database/prisma.js';
import { createLogger } from '../../src/lib/logger.js';
import { API_KEYS, CREATE_API_KEY, createKey, REVOKE_API_KEY, withKey } from '../kit/api-keys.js';
import { ask } from '../kit/ask.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { countQueries } from '../kit/library.js';
import { createUser, signedIn } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';

const VIEWER = graphql(`
  query KeyViewer {
    viewer {
      username
    }
    settings {
      id
    }
  }
`);

const KEY_BY_ID = graphql(`
  query KeyById($id: ID!) {
    node(id: $id) {
      id
    }
  }
`);

const KEY_FOLLOWS_SETTINGS = graphql(`
  subscription KeyFollowsSettings {
    settingsUpdates {
      sequence
    }
  }
`);

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

let database: TestDatabase;
let app: TestApp;
let elsewhere: TestApp;
let admin: TestApp;
let owner: Viewer;
let session: TestApp;
let now = Date.parse('2026-03-01T12:00:30Z');
const lines: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const log = createLogger('trace', undefined, { write: (line: string) => void lines.push(line) });
  const options = {
    database,
    env: { authEnabled: true, role: 'api' as const },
    overrides: { log, clock: { now: () => new Date(now) } },
  };
  app = await startApp(options);
  elsewhere = await startApp(options);
  admin = await signedIn(app, await createUser(app, 'ADMIN'));
});
afterAll(async () => {
  await elsewhere.stop();
  await app.stop();
  await database.drop();
});
beforeEach(async () => {
  owner = await createUser(app);
  session = await signedIn(app, owner);
});

const READ_KEY: CreateApiKeyInput = { name: 'script', scopes: ['READ'] };

/** That nothing accepts the key, over any transport, nor in another process. */
async function expectRefused(key: string): Promise<void> {
  for (const from of [app, elsewhere]) {
    const caller = withKey(from, key);
    const { data, errors } = await ask(caller, VIEWER);
    expect(errors.map(({ code }) => code)).toEqual(['UNAUTHENTICATED']);
    expect(data).toBeNull();
    expect((await caller.rest('GET', '/prgs/list')).status).toBe(401);
    await expect(caller.subscribe(KEY_FOLLOWS_SETTINGS).next()).rejects.toThrow();
  }
}

async function readToEnd(updates: AsyncIterable<object>): Promise<void> {
  for await (const update of updates) expect(update).toBeTruthy();
}

const lastUseOf = async (id: string) => {
  const { apiKeys } = await session.execute(API_KEYS, { userId: null });
  return apiKeys.find((key) => key.id === id)?.lastUsedAt;
};

describe('an API key', () => {
  it('acts for its owner over each transport', async () => {
    const { key } = await createKey(session, { ...READ_KEY, days: 1 });
    expect(key).toMatch(/^reprise_[\w-]{49}$/);
    const caller = withKey(elsewhere, key);
    expect(await caller.execute(VIEWER)).toMatchObject({ viewer: { username: owner.username } });
    expect((await caller.rest('GET', '/auth/status')).body).toMatchObject({
      user: { username: owner.username },
    });
    expect(await caller.subscribe(KEY_FOLLOWS_SETTINGS).next()).toMatchObject({ done: false });
    const stream = await fetch(`${app.url}/api/prgs/stream?token=${key}`);
    expect(stream.status).toBe(200);
    await stream.body?.cancel();
  });

  it.each([
    ['an hour before', { expiresAt: '2026-03-02T12:00:00Z' }, Date.parse('2026-03-02T11:00:00Z'), true],
    ['from then on', { expiresAt: '2026-03-02T12:00:00Z' }, Date.parse('2026-03-02T12:00:00Z'), false],
    ['within its days', { days: 2 }, now + 2 * DAY_MS - 1, true],
    ['after its days', { days: 2 }, now + 2 * DAY_MS, false],
    ['after ten years without an expiry', {}, now + 3_650 * DAY_MS, true],
  ])('is accepted until it expires: %s', async (_when, expiry, then, accepted) => {
    const start = now;
    onTestFinished(() => void (now = start));
    const { key } = await createKey(session, { ...READ_KEY, ...expiry });
    now = then;
    if (accepted) expect((await ask(withKey(app, key), VIEWER)).errors).toEqual([]);
    else await expectRefused(key);
  });

  it('is refused as soon as it is revoked, and ends what it has open, in another process too', async () => {
    const { id, key } = await createKey(session, READ_KEY);
    const open = [app, elsewhere].map((each) => withKey(each, key).subscribe(KEY_FOLLOWS_SETTINGS));
    await Promise.all(open.map((each) => each.next()));
    const stream = await fetch(`${elsewhere.url}/api/prgs/stream?token=${key}`);
    expect(await session.execute(REVOKE_API_KEY, { id })).toMatchObject({
      revokeApiKey: { __typename: 'ApiKeyRevoked', id, name: 'script' },
    });
    await expectRefused(key);
    await Promise.all(open.map((each) => expect(readToEnd(each)).rejects.toMatchObject({ code: 4403 })));
    await stream.text();
    expect(await session.execute(REVOKE_API_KEY, { id })).toMatchObject({
      revokeApiKey: { __typename: 'ApiKeyNotFound' },
    });
  });

  it('goes with its owner', async () => {
    const { key } = await createKey(session, READ_KEY);
    await app.deps.db.user.delete({ where: { id: owner.id } });
    await expectRefused(key);
  });

  it('is no session: it neither creates nor revokes keys, not even as an admin', async () => {
    const { id, key } = await createKey(admin, { name: randomUUID(), scopes: ['ADMIN'] });
    const caller = withKey(app, key);
    expect(await caller.execute(CREATE_API_KEY, { input: READ_KEY })).toMatchObject({
      createApiKey: { __typename: 'Forbidden', code: 'FORBIDDEN' },
    });
    expect(await caller.execute(REVOKE_API_KEY, { id })).toMatchObject({
      revokeApiKey: { __typename: 'Forbidden' },
    });
  });

  it('is refused without a query when it is malformed, and with one when it is unknown', async () => {
    const { key } = await createKey(session, READ_KEY);
    const other = key.endsWith('A') ? 'B' : 'A';
    const malformed = [
      key.slice(0, -1),
      `${key}A`,
      `${key.slice(0, -1)}${other}`,
      key.replace('reprise_', 'reprise-'),
      `${key} `,
      'reprise_',
      `reprise_${'é'.repeat(49)}`,
      `reprise_${'A'.repeat(100_000)}`,
    ];
    const queries = await countQueries(database.url, async (db) => {
      for (const text of malformed) expect(await findKeyAccess({ ...app.deps, db }, text)).toBeNull();
    });
    expect(queries).toBe(0);
    for (const text of malformed.slice(0, 3)) await expectRefused(text);
    // The key of a server that has been set up again.
    await app.deps.db.apiKey.deleteMany({ where: { userId: owner.id } });
    const asked = await countQueries(database.url, async (db) => {
      expect(await findKeyAccess({ ...app.deps, db }, key)).toBeNull();
    });
    expect(asked).toBe(1);
    await expectRefused(key);
  });

  it('is written nowhere: not in the database, not in the log', async () => {
    const { id, key } = await createKey(session, { ...READ_KEY, scopes: ['READ', 'DOWNLOAD', 'MANAGE'] });
    const caller = withKey(app, key);
    await caller.execute(VIEWER);
    await caller.rest('GET', '/prgs/list');
    await caller.subscribe(KEY_FOLLOWS_SETTINGS).next();
    await (await fetch(`${app.url}/api/prgs/stream?token=${key}`)).body?.cancel();
    await fetch(`${app.url}/api/prgs/stream?token=${key.slice(0, -1)}`);
    await fetch(`${app.url}/api/prgs/list?token=${key}`);
    await waitFor(() => lastUseOf(id), { what: 'its use to be recorded' });
    const secret = key.slice('reprise_'.length, 30);
    const { db } = app.deps;
    const tables = await db.$queryRaw<{ name: string }[]>`
      SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`;
    for (const { name } of tables) {
      const rows = await db.$queryRawUnsafe<object[]>(`SELECT t::text AS row FROM "${name}" t`);
      expect(JSON.stringify(rows)).not.toContain(secret);
    }
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter((line) => line.includes(secret))).toEqual([]);
  });
});

describe('the last use of an API key', () => {
  it('is recorded to the minute, with one write a minute, whatever the number of requests', async () => {
    const { id, key } = await createKey(session, READ_KEY);
    expect(await lastUseOf(id)).toBeNull();
    const callers = [withKey(app, key), withKey(elsewhere, key)];
    const burst = () =>
      Promise.all(callers.flatMap((caller) => Array.from({ length: 10 }, () => caller.execute(VIEWER))));
    const { db } = app.deps;
    await db.$executeRaw`CREATE TABLE "Writes" ("at" timestamptz)`;
    await db.$executeRawUnsafe(`CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO "Writes" VALUES (now()); RETURN NULL; END $$`);
    await db.$executeRaw`CREATE TRIGGER note_write AFTER UPDATE ON "ApiKey" FOR EACH ROW EXECUTE FUNCTION note_write()`;
    const minutes = [now, now + MINUTE_MS, now + 5 * MINUTE_MS];
    const start = now;
    onTestFinished(() => void (now = start));
    for (const minute of minutes) {
      now = minute;
      await burst();
      const expected = new Date(Math.floor(minute / MINUTE_MS) * MINUTE_MS).toISOString();
      await waitFor(async () => (await lastUseOf(id)) === expected, { what: `a use at ${expected}` });
      await burst();
    }
    const writes = await db.$queryRaw<object[]>`SELECT * FROM "Writes"`;
    expect(writes).toHaveLength(minutes.length);
  });

  it('is in no request’s way', async () => {
    const { id, key } = await createKey(session, READ_KEY);
    await inTransaction(app.deps.db, async (tx) => {
      await tx.$queryRaw`SELECT 1 FROM "ApiKey" WHERE "id" = ${id.slice(7)}::uuid FOR UPDATE`;
      expect((await ask(withKey(app, key), VIEWER)).errors).toEqual([]);
      expect(await lastUseOf(id)).toBeNull();
    });
    await waitFor(() => lastUseOf(id), { what: 'its use to be recorded' });
  });
});

describe('createApiKey', () => {
  it.each<[string, Partial<CreateApiKeyInput>, string, string | null]>([
    ['no name', { name: '  ' }, 'InvalidInput', 'name'],
    ['a long name', { name: 'x'.repeat(101) }, 'InvalidInput', 'name'],
    ['a name of two lines', { name: 'a\nb' }, 'InvalidInput', 'name'],
    ['a name that turns the line around', { name: 'a\u202eb' }, 'InvalidInput', 'name'],
    ['a name that no text is', { name: 'a\0b' }, 'InvalidInput', 'name'],
    ['no scopes', { scopes: [] }, 'InvalidInput', 'scopes'],
    ['no days', { days: 0 }, 'InvalidInput', 'days'],
    ['too many days', { days: 3_651 }, 'InvalidInput', 'days'],
    ['two expiries', { days: 1, expiresAt: '2027-01-01T00:00:00Z' }, 'InvalidInput', 'days'],
    ['an expiry in the past', { expiresAt: '2026-03-01T12:00:30Z' }, 'InvalidInput', 'expiresAt'],
    ['the scope ADMIN, as a user', { scopes: ['READ', 'ADMIN'] }, 'Forbidden', null],
  ])('refuses %s, and creates nothing', async (_what, change, __typename, field) => {
    const { createApiKey } = await session.execute(CREATE_API_KEY, { input: { ...READ_KEY, ...change } });
    expect(createApiKey).toMatchObject({ __typename, ...(field !== null && { field }) });
    expect(await session.execute(API_KEYS, { userId: null })).toEqual({ apiKeys: [] });
    expect(
      await app.deps.db.auditEntry.count({ where: { userId: owner.id, action: 'API_KEY_CREATED' } }),
    ).toBe(0);
  });

  it('gives a name once to each user, also when several ask for it at once', async () => {
    const ask5 = await Promise.all(
      Array.from({ length: 5 }, () => session.execute(CREATE_API_KEY, { input: READ_KEY })),
    );
    const kinds = ask5.map(({ createApiKey }) => createApiKey.__typename).sort();
    expect(kinds).toEqual(['ApiKeyCreated', ...Array.from({ length: 4 }, () => 'ApiKeyNameTaken')]);
    expect(await admin.execute(CREATE_API_KEY, { input: READ_KEY })).toMatchObject({
      createApiKey: { __typename: 'ApiKeyCreated' },
    });
    const { db } = app.deps;
    expect(await db.auditEntry.count({ where: { userId: owner.id, action: 'API_KEY_CREATED' } })).toBe(1);
  });

  it('makes at most a hundred for each user, also when several are requested at once', async () => {
    const data = Array.from({ length: 98 }, (_, at) => ({
      userId: owner.id,
      name: `key ${at}`,
      hint: 'abcd',
      hash: Uint8Array.from(Buffer.from(randomUUID())),
    }));
    await app.deps.db.apiKey.createMany({ data });
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, at) =>
        session.execute(CREATE_API_KEY, { input: { ...READ_KEY, name: `new ${at}` } }),
      ),
    );
    const created = answers.filter(({ createApiKey }) => createApiKey.__typename === 'ApiKeyCreated');
    expect(created).toHaveLength(2);
    expect((await session.execute(API_KEYS, { userId: null })).apiKeys).toHaveLength(100);
  });

  it('answers AUTH_DISABLED where nobody signs in', async () => {
    const open = await startApp({ env: { authEnabled: false, role: 'api' } });
    onTestFinished(() => open.stop());
    const disabled = { __typename: 'AuthDisabled', code: 'AUTH_DISABLED' };
    expect(await open.execute(CREATE_API_KEY, { input: READ_KEY })).toMatchObject({ createApiKey: disabled });
    expect(await open.execute(REVOKE_API_KEY, { id: randomUUID() })).toMatchObject({
      revokeApiKey: disabled,
    });
  });
});

describe('API keys of other users', () => {
  it('are seen and revoked by admins alone', async () => {
    const { id, key } = await createKey(session, READ_KEY);
    const stranger = await signedIn(app, await createUser(app));
    const byOwner = { userId: `User:${owner.id}` };
    expect(await stranger.execute(API_KEYS, byOwner)).toEqual({ apiKeys: [] });
    expect(await stranger.execute(KEY_BY_ID, { id })).toEqual({ node: null });
    expect(await stranger.execute(REVOKE_API_KEY, { id })).toMatchObject({
      revokeApiKey: { __typename: 'ApiKeyNotFound' },
    });
    expect(await session.execute(KEY_BY_ID, { id })).toEqual({ node: { id } });
    expect(await admin.execute(API_KEYS, byOwner)).toMatchObject({
      apiKeys: [{ id, owner: { username: owner.username } }],
    });
    expect((await ask(withKey(app, key), VIEWER)).errors).toEqual([]);
    expect(await admin.execute(REVOKE_API_KEY, { id })).toMatchObject({
      revokeApiKey: { __typename: 'ApiKeyRevoked' },
    });
    await expectRefused(key);
    const entry = await app.deps.db.auditEntry.findFirst({
      where: { target: `script of ${owner.username}`, action: 'API_KEY_REVOKED' },
    });
    expect(entry).not.toBeNull();
  });
});
