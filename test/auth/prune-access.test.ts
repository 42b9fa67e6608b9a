import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pruneAccess } from '../../src/sign-in/prune-access.job.js';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { parseEnv } from '../../src/env.js';
import { JOBS } from '../../src/job-handlers.js';
import { never, silentLog } from '../kit/audio.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const now = Date.parse('2026-03-01T12:00:00Z');
const ago = (ms: number) => new Date(now - ms);
const userId = SYSTEM_VIEWER.id;

let database: TestDatabase;
let connection: DatabaseConnection;

beforeAll(async () => {
  database = await createTestDatabase();
  connection = createDatabase({ url: database.url, log: silentLog });
});
afterAll(async () => {
  await connection.close();
  await database.drop();
});
beforeEach(async () => {
  const { session, usedState, streamTicket, signInFailure, signingKey, auditEntry } = connection.db;
  for (const table of [session, usedState, streamTicket, signInFailure, signingKey, auditEntry]) {
    await (table.deleteMany as () => Promise<unknown>)();
  }
});

const prune = (env: Record<string, string> = {}) =>
  pruneAccess(
    { db: connection.db, clock: { now: () => new Date(now) }, env: parseEnv(env) },
    { signal: never },
  );

const bytes = () => Uint8Array.from(randomBytes(32));
const auditEntry = (createdAt: Date) => ({
  ...{ createdAt, action: 'SIGNED_IN', username: 'ada', requestId: 'r', target: createdAt.toISOString() },
});

describe('the job that deletes what has expired', () => {
  it('is among those that run', () => {
    expect(JOBS.find(({ name }) => name === 'pruneAccess')?.everyMs).toBe(HOUR_MS);
  });

  it('deletes exactly what nothing can accept any more', async () => {
    const { db } = connection;
    // With 31 days, the longest that a token is valid, and an hour.
    const overlapMs = 30 * DAY_MS + HOUR_MS;
    const past = [ago(0), ago(DAY_MS)];
    const future = [ago(-1), ago(-DAY_MS)];
    const times = [...past, ...future];
    await db.session.createMany({ data: times.map((expiresAt) => ({ userId, expiresAt })) });
    await db.usedState.createMany({ data: times.map((expiresAt) => ({ id: randomUUID(), expiresAt })) });
    await db.streamTicket.createMany({
      data: times.map((expiresAt) => ({ hash: bytes(), access: {}, expiresAt })),
    });
    const failures = [...times.map((at) => BigInt(at.getTime())), null];
    await db.signInFailure.createMany({ data: failures.map((expire) => ({ key: randomUUID(), expire })) });
    const retired = [null, ago(0), ago(overlapMs), ago(overlapMs + 1), ago(overlapMs * 2)];
    await db.signingKey.createMany({
      data: retired.map((retiredAt) => ({ id: randomUUID(), publicKey: {}, sealed: '', retiredAt })),
    });
    const entries = [ago(0), ago(365 * DAY_MS), ago(365 * DAY_MS + 1), ago(900 * DAY_MS)];
    await db.auditEntry.createMany({ data: entries.map(auditEntry) });
    const apiKey = { userId, name: 'old', hash: bytes(), hint: '', expiresAt: ago(DAY_MS) };
    await db.apiKey.create({ data: apiKey });

    const expected = { sessions: 2, usedStates: 2, streamTickets: 2, signInFailures: 2, signingKeys: 2 };
    expect(await prune()).toEqual({ ...expected, auditEntries: 2 });

    for (const left of [
      await db.session.findMany(),
      await db.usedState.findMany(),
      await db.streamTicket.findMany(),
    ]) {
      expect(left.map(({ expiresAt }) => expiresAt).sort()).toEqual([...future].sort());
    }
    const expiries = (await db.signInFailure.findMany()).map(({ expire }) => expire);
    expect(expiries.map(String).sort()).toEqual([...future.map((at) => String(at.getTime())), 'null'].sort());
    const keys = (await db.signingKey.findMany()).map(({ retiredAt }) => retiredAt);
    expect(keys.map(String).sort()).toEqual(retired.slice(0, 3).map(String).sort());
    const kept = (await db.auditEntry.findMany()).map(({ createdAt }) => createdAt);
    expect(kept.sort()).toEqual(entries.slice(0, 2).sort());
    expect(await db.apiKey.count()).toBe(1);
    expect(await prune()).toMatchObject({ sessions: 0, auditEntries: 0 });
  });

  it('keeps the audit log as long as AUDIT_DAYS says', async () => {
    const entries = [ago(DAY_MS), ago(3 * DAY_MS), ago(8 * DAY_MS)];
    await connection.db.auditEntry.createMany({ data: entries.map(auditEntry) });
    expect(await prune({ AUDIT_DAYS: '7' })).toMatchObject({ auditEntries: 1 });
    expect(await prune({ AUDIT_DAYS: '2' })).toMatchObject({ auditEntries: 1 });
  });

  it('keeps a retired signing key as long as TOKEN_HOURS lets its tokens live', async () => {
    const retiredAt = ago(40 * DAY_MS);
    await connection.db.signingKey.create({ data: { id: 'old', publicKey: {}, sealed: '', retiredAt } });
    expect(await prune({ TOKEN_HOURS: String(60 * 24) })).toMatchObject({ signingKeys: 0 });
    expect(await prune()).toMatchObject({ signingKeys: 1 });
  });

  it('works in batches, also in two processes at once', async () => {
    await connection.db.$executeRaw`
      INSERT INTO "AuditEntry" ("id", "action", "username", "requestId", "createdAt")
      SELECT gen_random_uuid(), 'SIGNED_IN', 'ada', 'r', ${ago(400 * DAY_MS)} FROM generate_series(1, 2500)`;
    const all = await Promise.all([prune(), prune()]);
    expect(all.reduce((sum, { auditEntries = 0 }) => sum + auditEntries, 0)).toBe(2_500);
    expect(await connection.db.auditEntry.count()).toBe(0);
  });
});
