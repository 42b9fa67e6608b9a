import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS, listAudit, recordAudit } from '../../src/auth/audit-store.js';
import { ANONYMOUS, type Viewer } from '../../src/auth/viewer.js';
import { inTransaction, type Db } from '../../src/database/prisma.js';
import { graphql } from '../../src/generated/documents/gql.js';
import type {
  AuditFilter,
  AuditLogQuery,
  AuditLogQueryVariables,
} from '../../src/generated/documents/graphql.js';
import { createKey, REVOKE_API_KEY } from '../kit/api-keys.js';
import { ask } from '../kit/ask.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { createUser, signedIn } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const AUDIT_LOG = graphql(`
  query AuditLog($filter: AuditFilter, $first: Int, $after: String, $last: Int, $before: String) {
    auditLog(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
      totalCount
      nodes {
        at
        action
        username
        user {
          username
        }
        target
        address
        requestId
      }
      pageInfo {
        endCursor
        hasNextPage
        startCursor
        hasPreviousPage
      }
    }
  }
`);

const CHANGE_SETTINGS = graphql(`
  mutation AuditedSettings($maxRetries: Int!, $retryDelaySeconds: Float!) {
    updateSettings(input: { maxRetries: $maxRetries, retryDelaySeconds: $retryDelaySeconds }) {
      __typename
    }
  }
`);

const CHANGE_WATCHES = graphql(`
  mutation AuditedWatchSettings($pageSize: Int!) {
    updateWatchSettings(input: { pageSize: $pageSize }) {
      __typename
    }
  }
`);

const CLEAN_UP = graphql(`
  mutation AuditedCleanUp {
    cleanUpHistory(olderThanDays: 30) {
      __typename
    }
  }
`);

let app: TestApp;
let user: Viewer;
let admin: TestApp;
let adminUser: Viewer;

beforeAll(async () => {
  app = await startApp({ env: { authEnabled: true, role: 'api' } });
  user = await createUser(app);
  adminUser = await createUser(app, 'ADMIN');
  admin = await signedIn(app, adminUser);
});
afterAll(() => app.stop());

const request = { requestId: 'of-a-test', address: '192.0.2.7' };

type Page = AuditLogQuery['auditLog'];

async function pageOf(variables: AuditLogQueryVariables): Promise<Page> {
  return (await admin.execute(AUDIT_LOG, variables)).auditLog;
}

async function entriesOf(filter: AuditFilter) {
  return (await admin.execute(AUDIT_LOG, { filter, first: 100 })).auditLog.nodes;
}

/** A second apart, the last one the newest. */
async function seedEntries(username: string, actions: readonly string[]): Promise<void> {
  await app.deps.db.auditEntry.createMany({
    data: actions.map((action, at) => ({
      ...{ action, username, requestId: `request-${at}` },
      createdAt: new Date(Date.parse('2026-01-01T00:00:00Z') + at * 1_000),
    })),
  });
}

describe('the audit log', () => {
  it('is for admins alone, over GraphQL', async () => {
    const theirs = await signedIn(app, user);
    for (const caller of [theirs, { url: app.url }]) {
      const { errors } = await ask(caller, AUDIT_LOG, { first: 1 });
      expect(errors.map(({ code }) => code)).toEqual([caller === theirs ? 'FORBIDDEN' : 'UNAUTHENTICATED']);
    }
  });

  it('says who did what to what, when, and from where', async () => {
    const session = await signedIn(app, user);
    const { id } = await createKey(session, { name: 'script', scopes: ['READ'] });
    await session.execute(REVOKE_API_KEY, { id });
    const [revoked, created, signedInEntry] = await entriesOf({ username: user.username });
    const { username } = user;
    const from = { username, user: { username }, address: '127.0.0.1', target: 'script' };
    expect(revoked).toMatchObject({ action: 'API_KEY_REVOKED', ...from });
    expect(created).toMatchObject({ action: 'API_KEY_CREATED', ...from });
    expect(signedInEntry).toMatchObject({ action: 'SIGNED_IN', target: null });
    expect(created?.requestId).not.toBe(revoked?.requestId);
    expect(Math.abs(Date.now() - Date.parse(String(created?.at)))).toBeLessThan(600_000);
  });

  it('keeps the name of a user who is gone', async () => {
    const { id, username } = await createUser(app);
    await recordAudit(app.deps.db, { viewer: { ...user, id, username }, request }, { action: 'SIGNED_OUT' });
    await app.deps.db.user.delete({ where: { id } });
    expect(await entriesOf({ username })).toMatchObject([{ username, user: null, requestId: 'of-a-test' }]);
  });

  it('names the settings that were changed, and nothing when none was', async () => {
    const changes = () => entriesOf({ username: adminUser.username, actions: ['SETTINGS_CHANGED'] });
    await admin.execute(CHANGE_SETTINGS, { maxRetries: 7, retryDelaySeconds: 3 });
    await admin.execute(CHANGE_WATCHES, { pageSize: 33 });
    await admin.execute(CHANGE_SETTINGS, { maxRetries: 7, retryDelaySeconds: 3 });
    const refused = await admin.execute(CHANGE_SETTINGS, { maxRetries: -1, retryDelaySeconds: 4 });
    expect(refused.updateSettings.__typename).toBe('InvalidSettings');
    expect((await changes()).map(({ target }) => target)).toEqual([
      'pageSize',
      'maxRetries, retryDelaySeconds',
    ]);
  });

  it('says that the history was cleaned up, if anything was deleted', async () => {
    const cleanUps = () => entriesOf({ actions: ['HISTORY_CLEANED_UP'] });
    await admin.execute(CLEAN_UP);
    expect(await cleanUps()).toEqual([]);
    await seedTasks(app, [{ ownerId: user.id, state: 'COMPLETED', finishedAt: new Date('2020-01-01') }]);
    await admin.execute(CLEAN_UP);
    expect(await cleanUps()).toMatchObject([{ target: 'older than 30 days', username: adminUser.username }]);
  });

  it('has no entry of what was rolled back', async () => {
    const target = randomUUID();
    const work = inTransaction(app.deps.db, async (tx) => {
      await recordAudit(tx, { viewer: user, request }, { action: 'USER_DELETED', target });
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await app.deps.db.auditEntry.count({ where: { target } })).toBe(0);
  });

  it.each<[string, AuditFilter, number]>([
    ['no filter of actions', {}, 400],
    ['one action', { actions: ['SIGNED_OUT'] }, 80],
    ['several actions', { actions: ['SIGNED_OUT', 'REGISTERED', 'SIGNED_OUT'] }, 160],
    ['a time', { since: '2026-01-01T00:00:10Z', before: '2026-01-01T00:00:20Z' }, 10],
    ['a time and an action', { since: '2026-01-01T00:06:00Z', actions: ['REGISTERED'] }, 8],
  ])('is paged without gap or repeat in both directions, with %s', async (what, filter, count) => {
    const username = `pages-${randomUUID()}`;
    const kinds = ['SIGNED_OUT', 'REGISTERED', 'USER_CREATED', 'PROVIDER_LINKED', 'PASSWORD_RESET'];
    await seedEntries(
      username,
      Array.from({ length: 400 }, (_, at) => kinds[at % kinds.length] ?? ''),
    );
    // Without the name, actions are read each by their own index.
    const byName = what.includes('no filter') || what === 'a time' ? { username } : {};
    const all = { ...filter, ...byName };
    const own = ({ nodes }: Page) => nodes.filter((node) => node.username === username).map(({ at }) => at);
    const forward: string[] = [];
    for (let page = await pageOf({ filter: all, first: 37 }); ;) {
      forward.push(...own(page));
      if (!page.pageInfo.hasNextPage) break;
      page = await pageOf({ filter: all, first: 37, after: page.pageInfo.endCursor });
    }
    expect(forward).toEqual([...new Set(forward)].sort().reverse());
    expect(forward).toHaveLength(count);
    const backward: string[] = [];
    for (let page = await pageOf({ filter: all, last: 41 }); ;) {
      backward.unshift(...own(page));
      if (!page.pageInfo.hasPreviousPage) break;
      page = await pageOf({ filter: all, last: 41, before: page.pageInfo.startCursor });
    }
    expect(backward).toEqual(forward);
    const total = await admin.execute(AUDIT_LOG, { filter: { ...filter, username }, first: 0 });
    expect(total.auditLog.totalCount).toBe(count);
  });

  it('leaves out entries of another version’s actions', async () => {
    const username = `other-${randomUUID()}`;
    await seedEntries(username, ['SIGNED_IN', 'DANCED']);
    expect(await entriesOf({ username })).toMatchObject([{ action: 'SIGNED_IN' }]);
  });

  it('reads hardly more rows of twenty thousand than it returns, whatever the filter', async () => {
    const { db } = app.deps;
    await inTransaction(
      db,
      (tx) => tx.$executeRaw`
      INSERT INTO "AuditEntry" ("id", "action", "username", "requestId", "createdAt")
      SELECT gen_random_uuid(), 'SIGNED_IN', 'many-' || n % 1000, 'r', now() - n * interval '1 second'
      FROM generate_series(1, 20000) AS n`,
    );
    await db.$executeRaw`ANALYZE "AuditEntry"`;
    const none = { actions: null, username: null, since: null, before: null };
    const page = { size: 20, offset: 0, after: null, before: null, backward: false };
    const filters = [
      none,
      { ...none, actions: ['SESSION_REUSED', 'SIGNED_IN'] as const },
      { ...none, username: 'many-7' },
      { ...none, username: 'nobody' },
      { ...none, before: new Date(Date.now() - 10_000_000), since: new Date(0) },
    ];
    const readSoFar = async (tx: Db) => {
      const [counts] = await tx.$queryRaw<{ n: number }[]>`
        SELECT (seq_tup_read + idx_tup_fetch)::int AS n FROM pg_stat_xact_user_tables WHERE relname = 'AuditEntry'`;
      return counts?.n ?? 0;
    };
    const rowsRead: number[] = [];
    for (const filter of filters) {
      await inTransaction(db, async (tx) => {
        const before = await readSoFar(tx);
        await listAudit(tx, filter, page);
        rowsRead.push((await readSoFar(tx)) - before);
      });
    }
    expect(Math.max(...rowsRead)).toBeGreaterThan(20);
    expect(rowsRead.filter((count) => count > 200)).toEqual([]);
  });
});

describe('a failed sign-in', () => {
  const fail = (about: { id: string | null; username: string }) =>
    recordAudit(app.deps.db, { viewer: ANONYMOUS, request }, { action: 'SIGN_IN_FAILED', user: about });
  const failures = (where: object) =>
    app.deps.db.auditEntry.findMany({ where: { action: 'SIGN_IN_FAILED', ...where } });

  it('writes one line of limited length, whatever was typed as a name', async () => {
    const typed = `evil\r\n\u001b[2J\0\ud800\u202e\u2028 ${'x'.repeat(100_000)}`;
    await fail({ id: null, username: typed });
    const [{ username } = { username: '' }] = await failures({ username: { startsWith: 'evil' } });
    expect(username).toMatch(/^evil\ufffd\ufffd\ufffd\[2J\ufffd\ufffd\ufffd\ufffd x+…$/);
    expect(username).toHaveLength(201);
  });

  it('is recorded ten times an hour for a user, however many names are invented besides', async () => {
    for (let n = 0; n < 150; n++) await fail({ id: null, username: `invented-${n}` });
    const ofNobody = await failures({ userId: null });
    expect(ofNobody).toHaveLength(100);
    const { id, username } = user;
    for (let n = 0; n < 15; n++) await fail({ id, username });
    expect(await failures({ userId: id })).toHaveLength(10);
    await fail({ id: adminUser.id, username: adminUser.username });
    expect(await failures({ userId: adminUser.id })).toHaveLength(1);
    const hourAgo = new Date(Date.now() - 3_601_000);
    await app.deps.db.auditEntry.updateMany({ where: { userId: id }, data: { createdAt: hourAgo } });
    await fail({ id, username });
    expect(await failures({ userId: id })).toHaveLength(11);
  });
});

it('has a use case for each action', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (file) => /(?<!graphql)\.ts$/.test(file) && !/audit-store\.ts$|^generated/.test(file),
  );
  const text = files.map((file) => readFileSync(join('src', file), 'utf8')).join('\n');
  expect(AUDIT_ACTIONS.filter((action) => !text.includes(`'${action}'`))).toEqual([]);
});
