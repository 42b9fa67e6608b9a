import { setMaxListeners } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';
import { createLogger } from '../../src/lib/logger.js';
import { createRequestGate, parseRetryAfter, type RequestGate } from '../../src/outbound/request-gate.js';
import type { LimitRules } from '../../src/outbound/request-limit-store.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { waitFor } from '../kit/wait-for.js';

const log = createLogger('silent');
const RULES: LimitRules = {
  requests: 1_000,
  windowMs: 1_000,
  patienceMs: 0,
  probeMs: 60_000,
  failures: 3,
  blockMs: 60_000,
  maxBlockMs: 3_600_000,
};
const never = new AbortController().signal;
setMaxListeners(0, never);

let database: TestDatabase;
/** As of two processes. */
let connections: [DatabaseConnection, DatabaseConnection];
let provider = '';

beforeAll(async () => {
  database = await createTestDatabase();
  const open = () => createDatabase({ url: database.url, log });
  connections = [open(), open()];
});
afterAll(async () => {
  await Promise.all(connections.map((each) => each.close()));
  await database.drop();
});
beforeEach(() => {
  provider = `provider ${Math.random()}`;
});

function gate(
  rules: Partial<LimitRules> = {},
  { process = 0, account = '' }: { process?: 0 | 1; account?: string } = {},
): RequestGate {
  const { db } = connections[process];
  return createRequestGate(
    { db, log, redact: (text) => text },
    { provider, account, displayName: 'Provider', rules: { ...RULES, ...rules } },
  );
}

const row = () => connections[0].db.requestLimit.findFirstOrThrow({ where: { provider } });

/** As time would. */
const endBlock = () =>
  connections[0].db
    .$executeRaw`UPDATE "RequestLimit" SET "blockedUntil" = clock_timestamp() WHERE "provider" = ${provider}`;

const refusalOf = (entering: Promise<unknown>) =>
  entering.then(
    () => null,
    (thrown: unknown) => thrown as UpstreamLimitedError | UpstreamFailedError,
  );

describe('a rolling window', () => {
  it('lets no more requests through than it may within any of its lengths, over two processes', async () => {
    const { pool } = connections[0];
    await pool.query(`
      CREATE TABLE granted (at timestamptz);
      CREATE FUNCTION note_slot() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO granted VALUES (NEW."slots"[cardinality(NEW."slots")]);
        RETURN NULL;
      END $$;
      CREATE TRIGGER note_slot AFTER UPDATE ON "RequestLimit" FOR EACH ROW EXECUTE FUNCTION note_slot();`);
    const rules = { requests: 5, windowMs: 300, patienceMs: 600_000 };
    const gates = [gate(rules), gate(rules, { process: 1 })];
    await Promise.all(Array.from({ length: 23 }, (_, n) => (gates[n % 2] ?? gate(rules)).enter(never)));
    await pool.query('DROP TRIGGER note_slot ON "RequestLimit"');
    const { rows } = await pool.query<{ ms: number }>(
      'SELECT (extract(epoch FROM at) * 1000)::float8 AS ms FROM granted ORDER BY at',
    );
    expect(rows).toHaveLength(23);
    for (const [n, { ms }] of rows.entries()) {
      const earlier = rows[n - rules.requests];
      if (earlier) expect(ms - earlier.ms).toBeGreaterThanOrEqual(rules.windowMs);
    }
  });

  it('lets a request through no earlier than its time', async () => {
    const rules = { requests: 1, windowMs: 200, patienceMs: 600_000 };
    const startedAt = performance.now();
    for (let n = 0; n < 4; n++) await gate(rules, { process: n % 2 ? 1 : 0 }).enter(never);
    expect(performance.now() - startedAt).toBeGreaterThan(3 * rules.windowMs - 10);
  });

  it('refuses what it would let through too late, with the seconds that are left', async () => {
    const rules = { requests: 2, windowMs: 30_000 };
    await gate(rules).enter(never);
    await gate(rules, { process: 1 }).enter(never);
    const refusal = await refusalOf(gate(rules).enter(never));
    expect(refusal).toBeInstanceOf(UpstreamLimitedError);
    expect(refusal?.retryAfterMs).toBeGreaterThan(20_000);
    expect(refusal?.retryAfterMs).toBeLessThanOrEqual(30_001);
    expect(refusal?.message).toMatch(/^Provider limits requests: try again in \d+ s\.$/);
    // It took no place.
    expect((await row()).slots).toHaveLength(2);
  });

  it('is of one account', async () => {
    const rules = { requests: 1, windowMs: 30_000 };
    await gate(rules, { account: 'a' }).enter(never);
    await gate(rules, { account: 'b' }).enter(never);
    expect(await refusalOf(gate(rules, { account: 'a' }).enter(never))).toBeInstanceOf(UpstreamLimitedError);
  });

  it('ends a wait with the signal of the caller', async () => {
    const rules = { requests: 1, windowMs: 60_000, patienceMs: 120_000 };
    await gate(rules).enter(never);
    const controller = new AbortController();
    const waiting = gate(rules).enter(controller.signal);
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
  });
});

describe('a limit that the provider states', () => {
  it('holds in another process and after a restart, for as long as stated', async () => {
    const turn = await gate().enter(never);
    expect(await turn.limited(86_400_000)).toBeGreaterThan(86_000_000);
    for (const process of [0, 1] as const) {
      const refusal = await refusalOf(gate({}, { process }).enter(never));
      expect(refusal).toBeInstanceOf(UpstreamLimitedError);
      expect(refusal?.retryAfterMs).toBeGreaterThan(86_000_000);
    }
    expect((await row()).slots).toHaveLength(1);
  });

  it('is at most a day', async () => {
    const turn = await gate().enter(never);
    expect(await turn.limited(99_999_999_999)).toBeLessThanOrEqual(86_400_001);
  });

  it('is waited for when it is short', async () => {
    const turn = await gate().enter(never);
    await turn.limited(300);
    const startedAt = performance.now();
    await gate({ patienceMs: 60_000 }, { process: 1 }).enter(never);
    expect(performance.now() - startedAt).toBeGreaterThan(200);
  });

  it('keeps those back who wait for their place in the window', async () => {
    const rules = { requests: 1, windowMs: 500, patienceMs: 60_000 };
    const turn = await gate(rules).enter(never);
    const waiting = refusalOf(gate(rules, { process: 1 }).enter(never));
    await waitFor(async () => ((await row()).slots[0]?.getTime() ?? 0) > Date.now() - 1, {
      what: 'a place in the future',
    });
    await turn.limited(3_600_000);
    expect(await waiting).toBeInstanceOf(UpstreamLimitedError);
  });

  it('of unknown length is longer each time, but once for requests that were under way together', async () => {
    const turns = await Promise.all(
      [1, 2, 3].map((n) => gate({}, { process: n === 2 ? 1 : 0 }).enter(never)),
    );
    const lengths = [];
    for (const turn of turns) lengths.push(await turn.limited(null));
    for (const length of lengths) expect(length).toBeLessThanOrEqual(60_001);
    await endBlock();
    const second = await (await gate().enter(never)).limited(null);
    expect(second).toBeGreaterThan(100_000);
    expect(second).toBeLessThanOrEqual(120_001);
    await endBlock();
    const third = await (await gate({ maxBlockMs: 130_000 }).enter(never)).limited(null);
    expect(third).toBeLessThanOrEqual(130_001);
    expect(third).toBeGreaterThan(120_000);
  });

  it('is not lifted by a request that was under way', async () => {
    const [one, other] = [await gate().enter(never), await gate().enter(never)];
    await (await gate().enter(never)).failed('It fails.');
    const troubled = await gate().enter(never);
    await one.limited(3_600_000);
    await other.succeeded();
    await troubled.succeeded();
    expect(await refusalOf(gate().enter(never))).toBeInstanceOf(UpstreamLimitedError);
  });

  it('is followed by one request alone; its success lets all others through', async () => {
    await (await gate().enter(never)).limited(3_600_000);
    await endBlock();
    const entering = ([0, 1, 0, 1, 0] as const).map((process) =>
      refusalOf(gate({}, { process: process }).enter(never)),
    );
    const refused = (await Promise.all(entering)).filter((each) => each instanceof UpstreamLimitedError);
    expect(refused).toHaveLength(4);
    // The first of them holds the turn, which a test cannot get back from a promise of refusals.
    await connections[0].db.requestLimit.updateMany({ where: { provider }, data: { probeUntil: null } });
    const probe = await gate().enter(never);
    const waiting = ([0, 1, 1] as const).map((process) =>
      gate({ patienceMs: 60_000 }, { process: process }).enter(never),
    );
    await probe.succeeded();
    expect(await Promise.all(waiting)).toHaveLength(3);
    expect(await row()).toMatchObject({ blocks: 0, blockedUntil: null, probeUntil: null });
  });

  it('lets the next one try when the one that follows it is given up', async () => {
    await (await gate().enter(never)).limited(3_600_000);
    await endBlock();
    await (await gate().enter(never)).abandoned();
    await (await gate().enter(never)).succeeded();
    expect(await row()).toMatchObject({ blocks: 0 });
  });

  it('lets the next one try when the process of the one that follows it is gone', async () => {
    await (await gate().enter(never)).limited(3_600_000);
    await endBlock();
    await gate({ probeMs: 200 }).enter(never);
    await gate({ patienceMs: 60_000 }, { process: 1 }).enter(never);
  });
});

describe('a provider that fails', () => {
  const fail = async (rules: Partial<LimitRules> = {}, process: 0 | 1 = 0) =>
    (await gate(rules, { process }).enter(never)).failed('It fails.');

  it('is left alone after enough failures in a row, in all processes', async () => {
    await fail();
    await fail({}, 1);
    expect(await refusalOf(gate().enter(never))).toBeNull();
    await fail();
    const refusal = await refusalOf(gate({}, { process: 1 }).enter(never));
    expect(refusal).toBeInstanceOf(UpstreamFailedError);
    expect(refusal).toMatchObject({ retryable: true });
    expect(refusal?.retryAfterMs).toBeGreaterThan(50_000);
    expect(refusal?.message).toMatch(/^Provider does not answer; the next request follows in \d+ s\.$/);
  });

  it('is not when successes lie between', async () => {
    for (let n = 0; n < 4; n++) {
      await fail();
      await fail();
      await (await gate().enter(never)).succeeded();
    }
    expect(await row()).toMatchObject({ failures: 0, blocks: 0 });
  });

  it('is left alone for longer each time, until it succeeds', async () => {
    for (let n = 0; n < 3; n++) await fail();
    const lengths = [];
    for (let n = 0; n < 4; n++) {
      lengths.push((await refusalOf(gate().enter(never)))?.retryAfterMs ?? 0);
      await endBlock();
      await fail();
    }
    for (const [n, length] of lengths.entries()) {
      expect(length).toBeLessThanOrEqual(60_000 * 2 ** n + 1);
      expect(length).toBeGreaterThan(50_000 * 2 ** n);
    }
    await endBlock();
    await (await gate().enter(never)).succeeded();
    await fail();
    expect(await refusalOf(gate().enter(never))).toBeNull();
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  const parse = (value: string, date?: string) =>
    parseRetryAfter(new Headers({ 'retry-after': value, ...(date && { date }) }), now);

  it('is seconds or a date', () => {
    expect(parse('1')).toBe(1_000);
    expect(parse(' 86400 ')).toBe(86_400_000);
    expect(parse('0')).toBe(0);
    expect(parse('Sun, 01 Mar 2026 12:01:00 GMT')).toBe(60_000);
    expect(parse('Sun, 01 Mar 2026 11:00:00 GMT')).toBe(0);
  });

  it('is compared with the clock of the server that sent it', () => {
    expect(parse('Sun, 01 Mar 2026 12:01:00 GMT', 'Sun, 01 Mar 2026 12:00:50 GMT')).toBe(10_000);
  });

  it.each(['', 'soon', '-5', '1e3', '0x10', 'NaN', '12 s', 'Wed, 99 Foo 2026', '2026-03-01'])(
    'is unknown when it is %j',
    (value) => expect(parse(value)).toBeNull(),
  );
});
