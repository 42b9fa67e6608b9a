import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';

/* Every time is the database's, which all processes share. */

export interface LimitKey {
  provider: string;
  /** Empty for a provider without accounts. */
  account: string;
}

export interface LimitRules {
  /** At most that many requests within any `windowMs`: a window that rolls, where a bucket lets twice as many through. */
  requests: number;
  windowMs: number;
  /** A place further away than that is not taken. */
  patienceMs: number;
  /** How long others wait for the one request that follows a block. */
  probeMs: number;
  /** Failures in a row that begin a block. */
  failures: number;
  /** The first block; each further one is twice as long, up to `maxBlockMs`. */
  blockMs: number;
  maxBlockMs: number;
}

export interface TakenSlot {
  /** Until its time. */
  waitMs: number;
  /** Something has failed since the last success. */
  isTroubled: boolean;
  /** It is the one request that follows a block. */
  isProbe: boolean;
}

/** What is known of a provider, as all processes have noted it. */
export interface LimitState {
  provider: string;
  /** Until then no request is sent; null when one may be. */
  blockedUntil: Date | null;
  /** Whether the provider itself asked for that. */
  limited: boolean;
  /** Since its last success. */
  hasFailed: boolean;
  lastSuccessAt: Date | null;
  lastErrorAt: Date | null;
  lastError: string | null;
}

export interface Refusal {
  cause: 'LIMITED' | 'FAILED' | 'PROBE' | 'WINDOW';
  waitMs: number;
}

const interval = (ms: number) => Prisma.sql`make_interval(secs => ${ms / 1000}::float8)`;
const at = ({ provider, account }: LimitKey) =>
  Prisma.sql`"provider" = ${provider} AND "account" = ${account}`;
/** The time of the next request: when the first of as many as a window holds has left it. */
const nextSlot = ({ requests, windowMs }: LimitRules) =>
  Prisma.sql`greatest(clock_timestamp(), "slots"[cardinality("slots") + 1 - ${requests}::int] + ${interval(windowMs)})`;
const isOver = (column: Prisma.Sql) => Prisma.sql`coalesce(${column} <= clock_timestamp(), true)`;
const BLOCKED_UNTIL = Prisma.sql`"blockedUntil"`;
const PROBE_UNTIL = Prisma.sql`"probeUntil"`;

/** One statement: a row that another process holds is read again before it is decided. Null when refused. */
export async function takeSlot(db: Db, key: LimitKey, rules: LimitRules): Promise<TakenSlot | null> {
  const slot = nextSlot(rules);
  const [taken] = await db.$queryRaw<TakenSlot[]>`
    UPDATE "RequestLimit" SET
      "slots" = ("slots" || ${slot})[greatest(cardinality("slots") + 2 - ${rules.requests}::int, 1):],
      "probeUntil" = CASE WHEN "blocks" > 0 THEN clock_timestamp() + ${interval(rules.probeMs)} END
    WHERE ${at(key)} AND ${isOver(BLOCKED_UNTIL)} AND ${isOver(PROBE_UNTIL)}
      AND ${slot} <= clock_timestamp() + ${interval(rules.patienceMs)}
    RETURNING
      (extract(epoch FROM "slots"[cardinality("slots")] - clock_timestamp()) * 1000)::float8 AS "waitMs",
      ("failures" > 0 OR "blocks" > 0) AS "isTroubled", "blocks" > 0 AS "isProbe"`;
  return taken ?? null;
}

/** Why the last `takeSlot` was refused; null when nothing is in the way any more. Creates the row. */
export async function explainRefusal(db: Db, key: LimitKey, rules: LimitRules): Promise<Refusal | null> {
  await db.$executeRaw`
    INSERT INTO "RequestLimit" ("provider", "account", "slots") VALUES (${key.provider}, ${key.account}, '{}')
    ON CONFLICT DO NOTHING`;
  const msUntil = (time: Prisma.Sql) =>
    Prisma.sql`coalesce(extract(epoch FROM ${time} - clock_timestamp()) * 1000, 0)::float8`;
  const [row] = await db.$queryRaw<{ blockMs: number; probeMs: number; slotMs: number; limited: boolean }[]>`
    SELECT ${msUntil(BLOCKED_UNTIL)} AS "blockMs", ${msUntil(PROBE_UNTIL)} AS "probeMs",
      ${msUntil(nextSlot(rules))} AS "slotMs", "limited"
    FROM "RequestLimit" WHERE ${at(key)}`;
  if (!row) return null;
  const { blockMs, probeMs, slotMs, limited } = row;
  if (blockMs > 0) return { cause: limited ? 'LIMITED' : 'FAILED', waitMs: blockMs };
  if (probeMs > 0) return { cause: 'PROBE', waitMs: probeMs };
  return slotMs > rules.patienceMs ? { cause: 'WINDOW', waitMs: slotMs } : null;
}

/** Whether a block has begun since a slot was taken. */
export async function isBlocked(db: Db, key: LimitKey): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT 1 FROM "RequestLimit" WHERE ${at(key)} AND "blockedUntil" > clock_timestamp()`;
  return rows.length > 0;
}

const blockLength = ({ blockMs, maxBlockMs }: LimitRules) =>
  Prisma.sql`least(${interval(blockMs)} * power(2, least("blocks", 30)), ${interval(maxBlockMs)})`;

/** Requests that were under way together are refused together: those count as one block. */
const NEXT_BLOCKS = Prisma.sql`"blocks" + CASE WHEN "blockedUntil" > clock_timestamp() THEN 0 ELSE 1 END`;

const noteError = (message: string) =>
  Prisma.sql`"lastErrorAt" = clock_timestamp(), "lastError" = ${message}`;

/** Returns how long it lasts. @param retryAfterMs as the provider says; null: as long as the rules say */
export async function blockRequests(
  db: Db,
  key: LimitKey,
  { rules, retryAfterMs, message }: { rules: LimitRules; retryAfterMs: number | null; message: string },
): Promise<number> {
  const length = retryAfterMs === null ? blockLength(rules) : interval(retryAfterMs);
  const [block] = await db.$queryRaw<{ ms: number }[]>`
    UPDATE "RequestLimit" SET "blocks" = ${NEXT_BLOCKS}, "limited" = true, "probeUntil" = NULL, ${noteError(message)},
      "blockedUntil" = CASE WHEN "blockedUntil" > clock_timestamp() AND ${retryAfterMs === null}::boolean THEN "blockedUntil"
        ELSE greatest("blockedUntil", clock_timestamp() + ${length}) END
    WHERE ${at(key)}
    RETURNING (extract(epoch FROM "blockedUntil" - clock_timestamp()) * 1000)::float8 AS "ms"`;
  return Math.max(0, block?.ms ?? 0);
}

/** After enough failures in a row, or one that follows a block, nothing is sent for a while. */
export async function noteFailure(
  db: Db,
  key: LimitKey,
  { rules, message }: { rules: LimitRules; message: string },
): Promise<void> {
  const opens = Prisma.sql`("blocks" > 0 OR "failures" + 1 >= ${rules.failures}::int)
    AND ${isOver(BLOCKED_UNTIL)}`;
  await db.$executeRaw`
    UPDATE "RequestLimit" SET "failures" = "failures" + 1, "probeUntil" = NULL, ${noteError(message)},
      "limited" = CASE WHEN ${opens} THEN false ELSE "limited" END,
      "blockedUntil" = CASE WHEN ${opens} THEN clock_timestamp() + ${blockLength(rules)} ELSE "blockedUntil" END,
      "blocks" = "blocks" + CASE WHEN ${opens} THEN 1 ELSE 0 END
    WHERE ${at(key)}`;
}

/** Not of a request that was under way when a block began: that says nothing about it. */
export async function noteSuccess(db: Db, key: LimitKey): Promise<void> {
  await db.$executeRaw`
    UPDATE "RequestLimit" SET "failures" = 0, "blocks" = 0, "probeUntil" = NULL, "blockedUntil" = NULL,
      "lastSuccessAt" = clock_timestamp()
    WHERE ${at(key)} AND ${isOver(BLOCKED_UNTIL)}`;
}

/** The one request that follows a block was given up before it was answered: the next may be it. */
export async function abandonProbe(db: Db, key: LimitKey): Promise<void> {
  await db.$executeRaw`UPDATE "RequestLimit" SET "probeUntil" = NULL WHERE ${at(key)}`;
}

/** When nothing is in the way of requests. */
export async function stampSuccess(db: Db, key: LimitKey): Promise<void> {
  await db.$executeRaw`UPDATE "RequestLimit" SET "lastSuccessAt" = clock_timestamp() WHERE ${at(key)}`;
}

/** Of one response alone, which says nothing about the next one. */
export async function stampError(db: Db, key: LimitKey, message: string): Promise<void> {
  await db.$executeRaw`UPDATE "RequestLimit" SET "probeUntil" = NULL, ${noteError(message)} WHERE ${at(key)}`;
}

/** One for each account of each provider that has been asked. */
export function listLimitStates(db: Db): Promise<LimitState[]> {
  return db.$queryRaw<LimitState[]>`
    SELECT "provider", CASE WHEN NOT ${isOver(BLOCKED_UNTIL)} THEN "blockedUntil" END AS "blockedUntil", "limited",
      "failures" > 0 AS "hasFailed", "lastSuccessAt", "lastErrorAt", "lastError"
    FROM "RequestLimit" ORDER BY "provider", "account"`;
}
