import { z } from 'zod';
import { visibleTo } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import { artistSchema, playlistSchema, type Artist, type Playlist } from '../catalog/catalog-item.js';
import { keysetWhere, directionOf, type KeysetPage } from '../database/pagination.js';
import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import type { TaskErrorCode } from '../lib/errors.js';
import type { Reading } from './read-list.js';
import type { WatchOptions } from './watch-options.js';
import { LATEST_DUE, type Watch, type WatchKind, type WatchOutcome } from './watch.js';

export type WatchedItem = Playlist | Artist;

const watchedItem = z.discriminatedUnion('type', [playlistSchema, artistSchema]);

/** Throws for an item that cannot be read. */
export function itemOf({ item }: Pick<Watch, 'item'>): WatchedItem {
  return watchedItem.parse(item);
}

export interface WatchKey {
  ownerId: string;
  kind: WatchKind;
  itemId: string;
}

export function findWatch(db: Db, key: WatchKey): Promise<Watch | null> {
  return db.watch.findUnique({ where: { ownerId_kind_itemId: key } });
}

/** Null also when the viewer may not see it. */
export function findWatchById(db: Db, viewer: Viewer, id: string, query: object = {}): Promise<Watch | null> {
  return db.watch.findFirst({ ...query, where: { id, ...visibleTo(viewer) } });
}

/** Without regard to the owner, for workers. */
export function readWatch(db: Db, id: string): Promise<Watch | null> {
  return db.watch.findUnique({ where: { id } });
}

interface NewWatch extends WatchKey {
  id: string;
  title: string;
  item: WatchedItem;
  options: WatchOptions;
}

/** Of two at once, one inserts and the other finds the row. */
export async function insertWatch(db: Db, { options, ...watch }: NewWatch): Promise<Watch | null> {
  const data = { ...watch, ...options, nextCheckAt: await readTime(db) };
  const [created] = await db.watch.createManyAndReturn({ data: [data], skipDuplicates: true });
  return created ?? null;
}

export interface WatchChange extends Partial<WatchOptions> {
  paused?: boolean;
}

/**
 * Due at once, because other members may be wanted now; with another filter also those of a list that is unchanged.
 * Null when it is gone.
 */
export async function changeWatch(db: Db, id: string, change: WatchChange): Promise<Watch | null> {
  const data = {
    ...change,
    ...(change.filter && { snapshotId: null }),
    optionsVersion: { increment: 1 },
    nextCheckAt: await readTime(db),
  };
  const [changed] = await db.watch.updateManyAndReturn({ where: { id }, data });
  return changed ?? null;
}

/** False when it was gone. */
export async function deleteWatch(db: Db, id: string): Promise<boolean> {
  return (await db.watch.deleteMany({ where: { id } })).count === 1;
}

export interface WatchFilter {
  kind: WatchKind | null;
  /** Also of an admin. */
  ownOnly: boolean;
}

/** One row more than the page has. */
export function listWatches(
  db: Db,
  viewer: Viewer,
  { filter, query, ...page }: KeysetPage & { filter: WatchFilter; query: object },
): Promise<Watch[]> {
  const direction = directionOf('NEWEST_FIRST', page);
  return db.watch.findMany({
    ...query,
    where: { AND: [whereOf(viewer, filter), ...keysetWhere('NEWEST_FIRST', page)] },
    orderBy: [{ createdAt: direction }, { id: direction }],
    take: page.size + 1,
    skip: page.offset,
  });
}

export function countWatches(db: Db, viewer: Viewer, filter: WatchFilter): Promise<number> {
  return db.watch.count({ where: whereOf(viewer, filter) });
}

/** Own ones, also for an admin: who checks all does not mean those of others. */
export function listOwnWatches(
  db: Db,
  viewer: Viewer,
  { kind }: Pick<WatchFilter, 'kind'>,
): Promise<Watch[]> {
  return db.watch.findMany({
    where: whereOf(viewer, { kind, ownOnly: true }),
    orderBy: { createdAt: 'asc' },
  });
}

function whereOf(viewer: Viewer, { kind, ownOnly }: WatchFilter): Prisma.WatchWhereInput {
  return { ...(ownOnly ? { ownerId: viewer.id } : visibleTo(viewer)), ...(kind ? { kind } : {}) };
}

/* Times of checks are by the database's clock, which all processes share. */

async function readTime(db: Db): Promise<Date> {
  const [row] = await db.$queryRaw<{ now: Date }[]>`SELECT now() AS "now"`;
  return row?.now ?? new Date(0);
}

/**
 * The longest due first, without those whose check is active: they are due after it. A time that no check can have is
 * due too.
 */
export async function listDueWatches(
  db: Db,
  { intervalSeconds, limit }: { intervalSeconds: number; limit: number },
): Promise<Watch[]> {
  const { leastInterval, factor, extra } = LATEST_DUE;
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "Watch"
    WHERE ("nextCheckAt" <= now() OR "nextCheckAt" > now() + interval '1 second' * (${extra}::int + ${factor}::float8
        * greatest(coalesce("checkIntervalSeconds", ${intervalSeconds}::int), ${leastInterval}::int)))
      AND NOT "paused" AND ("expiresAt" IS NULL OR "expiresAt" > now())
      AND NOT EXISTS (SELECT FROM "Task" task WHERE task."id" = "Watch"."checkTaskId"
        AND task."state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'))
    ORDER BY "nextCheckAt" LIMIT ${limit}`;
  const ids = rows.map(({ id }) => id);
  return db.watch.findMany({ where: { id: { in: ids } }, orderBy: { nextCheckAt: 'asc' } });
}

/** Null seconds leave the time of the next check. */
export async function saveQueuedChecks(
  db: Db,
  rows: readonly { id: string; taskId: string; seconds: number | null }[],
): Promise<void> {
  if (rows.length === 0) return;
  await db.$executeRaw`
    UPDATE "Watch" SET "checkTaskId" = row."taskId",
      "nextCheckAt" = coalesce(now() + row."seconds" * interval '1 second', "nextCheckAt")
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row ("id" uuid, "taskId" uuid, "seconds" integer)
    WHERE "Watch"."id" = row."id"`;
}

export async function makeDue(db: Db, id: string): Promise<void> {
  await db.$executeRaw`UPDATE "Watch" SET "nextCheckAt" = now() WHERE "id" = ${id}::uuid`;
}

/**
 * Milliseconds until it is this check's turn to call the catalog, at least `pauseSeconds` after the last one of its
 * kind, over all workers.
 */
export async function takeTurn(
  tx: Db,
  { id, kind }: Pick<Watch, 'id' | 'kind'>,
  { pauseSeconds, longestSeconds }: { pauseSeconds: number; longestSeconds: number },
): Promise<number> {
  await tx.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('reprise.watch.turn'))) AS locked`;
  const [row] = await tx.$queryRaw<{ ms: number }[]>`
    UPDATE "Watch" SET "startedAt" = greatest(now(), least(now() + ${longestSeconds} * interval '1 second', coalesce(
      (SELECT max("startedAt") FROM "Watch" WHERE "kind" = ${kind}::"WatchKind" AND "id" <> ${id}::uuid)
        + ${pauseSeconds} * interval '1 second', now())))
    WHERE "id" = ${id}::uuid
    RETURNING (extract(epoch FROM "startedAt" - now()) * 1000)::float8 AS ms`;
  return Math.max(0, row?.ms ?? 0);
}

/** Until the transaction ends nobody else changes its members or deletes it. Null when it is gone. */
export async function lockWatch(tx: Db, id: string): Promise<Watch | null> {
  await tx.$queryRaw`SELECT 1 FROM "Watch" WHERE "id" = ${id}::uuid FOR UPDATE`;
  return readWatch(tx, id);
}

export interface SavedReading {
  item: WatchedItem;
  title: string;
  /** Null when the next check must read the list. */
  snapshotId: string | null;
  isComplete: boolean;
  reading: Pick<Reading, 'unnamedCount' | 'groups'>;
}

export async function saveReading(
  tx: Db,
  { id, readAt }: Pick<Watch, 'id' | 'readAt'>,
  { item, title, snapshotId, isComplete, reading }: SavedReading,
): Promise<void> {
  const first = isComplete && readAt === null ? { readAt: new Date() } : {};
  const { unnamedCount, groups } = reading;
  const whole = isComplete ? { unnamedCount, readGroups: [...groups] } : {};
  await tx.watch.updateMany({ where: { id }, data: { item, title, snapshotId, ...whole, ...first } });
}

/** Null leaves it. A watch whose options changed since the check read them is due at once. */
function nextCheckAt({ optionsVersion }: Pick<Watch, 'optionsVersion'>, seconds: number | null): Prisma.Sql {
  return Prisma.sql`CASE WHEN "optionsVersion" = ${optionsVersion}
    THEN coalesce(now() + ${seconds}::int * interval '1 second', "nextCheckAt") ELSE now() END`;
}

/** As the check read it. */
type CheckedWatch = Pick<Watch, 'id' | 'optionsVersion'>;

export interface CheckResult {
  outcome: Exclude<WatchOutcome, 'FAILED'>;
  foundCount: number;
  notice: string | null;
  nextSeconds: number;
}

export async function saveCheck(db: Db, watch: CheckedWatch, result: CheckResult): Promise<void> {
  await db.$executeRaw`
    UPDATE "Watch" SET "lastCheckedAt" = now(), "outcome" = ${result.outcome}::"WatchOutcome",
      "foundCount" = ${result.foundCount}, "notice" = ${result.notice}, "failures" = 0,
      "errorCode" = NULL, "errorMessage" = NULL, "nextCheckAt" = ${nextCheckAt(watch, result.nextSeconds)}
    WHERE "id" = ${watch.id}::uuid`;
}

export interface CheckFailure {
  code: TaskErrorCode;
  message: string;
  failures: number;
  /** Null while the queue tries again by itself. */
  nextSeconds: number | null;
}

export async function saveFailedCheck(db: Db, watch: CheckedWatch, failure: CheckFailure): Promise<void> {
  await db.$executeRaw`
    UPDATE "Watch" SET "outcome" = 'FAILED', "failures" = ${failure.failures}, "errorCode" = ${failure.code},
      "errorMessage" = ${failure.message}, "nextCheckAt" = ${nextCheckAt(watch, failure.nextSeconds)}
    WHERE "id" = ${watch.id}::uuid`;
}

/** All but the newest few that queued nothing: each hour adds one for each watch. */
export async function deleteEarlierChecks(
  db: Db,
  { ownerId, itemId }: WatchKey,
  kept: number,
): Promise<void> {
  await db.$executeRaw`
    DELETE FROM "Task" WHERE "id" IN (
      SELECT "id" FROM "Task"
      WHERE "kind" = 'WATCH_CHECK' AND "ownerId" = ${ownerId}::uuid AND "itemId" = ${itemId} AND "total" = 0
        AND "state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED')
      ORDER BY "createdAt" DESC OFFSET ${kept})`;
}

export interface WatchRow {
  key: string;
  sequence: bigint;
  watch: Watch;
  removed: boolean;
}

/** For live updates: all, or those that changed or were removed at a sequence or later. */
export async function readWatchRows(db: Db, since: bigint | null): Promise<WatchRow[]> {
  const from = since ?? 0n;
  // Prisma has an empty list for null.
  const removed = await db.$queryRaw<Watch[]>`
    SELECT (jsonb_populate_record(NULL::"Watch", "watch" || jsonb_build_object('sequence', "sequence",
      'albumGroups', coalesce(nullif("watch" -> 'albumGroups', 'null'), '[]'),
      'readGroups', coalesce(nullif("watch" -> 'readGroups', 'null'), '[]')))).*
    FROM "RemovedWatch" WHERE "sequence" >= ${from}`;
  const watches = await db.watch.findMany({ where: since === null ? {} : { sequence: { gte: from } } });
  const toRow = (isRemoved: boolean) => (watch: Watch) => ({
    key: watch.id,
    sequence: watch.sequence,
    watch,
    removed: isRemoved,
  });
  return [...watches.map(toRow(false)), ...removed.map(toRow(true))];
}
