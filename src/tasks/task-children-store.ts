import type { Viewer } from '../auth/viewer.js';
import { playlistSchema, type Playlist } from '../catalog/catalog-item.js';
import { keysetSql, type KeysetPage } from '../database/pagination.js';
import type { Db } from '../database/prisma.js';
import type { NewTask } from './new-task.js';
import { ownedBy, visibleTo } from '../auth/access-rules.js';
import { itemOf, type Selection } from './task-store.js';
import type { Task } from './task.js';

/** Skips known positions and active dedupe keys. One JSON text: Prisma is slow with a parameter per value. */
export function insertChildren(db: Db, children: readonly NewTask[]): Promise<number> {
  return db.$executeRaw`
    INSERT INTO "Task" ("id", "kind", "state", "ownerId", "parentId", "position", "dedupeKey", "duplicateOfId",
      "itemId", "title", "artists", "album", "searchText", "item", "options", "priority",
      "errorCode", "errorMessage", "errorRetryable", "createdAt")
    SELECT "id", "kind", coalesce("state", 'QUEUED'), "ownerId", "parentId", "position", "dedupeKey", "duplicateOfId",
      "itemId", "title", "artists", "album", "searchText", coalesce("item", 'null'), "options", "priority",
      "errorCode", "errorMessage", "errorRetryable", coalesce("createdAt", now())
    FROM jsonb_to_recordset(${JSON.stringify(children)}::jsonb) AS child (
      "id" uuid, "kind" "TaskKind", "state" "TaskState", "ownerId" uuid, "parentId" uuid, "position" integer,
      "dedupeKey" text, "duplicateOfId" uuid, "itemId" text, "title" text, "artists" text[], "album" text,
      "searchText" text, "item" jsonb, "options" jsonb, "priority" integer,
      "errorCode" text, "errorMessage" text, "errorRetryable" boolean, "createdAt" timestamptz)
    ON CONFLICT DO NOTHING`;
}

/** How many children there are, and the position after the last. */
export async function measureChildren(db: Db, parentId: string): Promise<{ count: number; next: number }> {
  const { _count, _max } = await db.task.aggregate({
    where: { parentId },
    _count: { _all: true },
    _max: { position: true },
  });
  return { count: _count._all, next: (_max.position ?? -1) + 1 };
}

/** How many children from the first on are there; 0 when one of them is missing. */
export async function countFirstChildren(db: Db, parentId: string): Promise<number> {
  const { count, next } = await measureChildren(db, parentId);
  return next === count ? count : 0;
}

export async function listPositions(
  db: Db,
  parentId: string,
  positions: readonly number[],
): Promise<Set<number | null>> {
  const rows = await db.task.findMany({
    where: { parentId, position: { in: [...positions] } },
    select: { position: true },
  });
  return new Set(rows.map(({ position }) => position));
}

export function listFirstChildren(
  db: Db,
  parentId: string,
  limit: number,
): Promise<(Task & { duplicateOf: Task | null })[]> {
  return db.task.findMany({
    where: { parentId },
    include: { duplicateOf: true },
    orderBy: { position: 'asc' },
    take: limit,
  });
}

export interface ChildPage extends KeysetPage {
  query: Selection;
}

/** In the order of queueing, or of a page read backwards; each with one child more than a page. Two queries in all. */
export async function listChildPages(
  { db, viewer }: { db: Db; viewer: Viewer },
  parentIds: readonly string[],
  { query, ...page }: ChildPage,
): Promise<Task[][]> {
  const keys = await listChildKeys(db, parentIds, { ...page, viewer });
  const byId = await findById(db, keys, query);
  const byParent = new Map(parentIds.map((parentId): [string, Task[]] => [parentId, []]));
  for (const { id, parentId } of keys) byParent.get(parentId)?.push(...[byId.get(id) ?? []].flat());
  return parentIds.map((parentId) => byParent.get(parentId) ?? []);
}

function listChildKeys(
  db: Db,
  parentIds: readonly string[],
  { viewer, ...page }: KeysetPage & { viewer: Viewer },
): Promise<{ id: string; parentId: string }[]> {
  const { within, orderBy, direction } = keysetSql('OLDEST_FIRST', page);
  return db.$queryRaw`
    SELECT child."id", child."parentId" FROM unnest(${parentIds}::uuid[]) AS parent("id")
    CROSS JOIN LATERAL (
      SELECT "id", "parentId", "createdAt" FROM "Task"
      WHERE "parentId" = parent."id" AND "dismissedAt" IS NULL AND ${ownedBy(viewer)} ${within}
      ${orderBy} LIMIT ${page.size + 1} OFFSET ${page.offset}
    ) child ORDER BY child."createdAt" ${direction}, child."id" ${direction}`;
}

async function findById(
  db: Db,
  keys: readonly { id: string }[],
  query: Selection,
): Promise<Map<string, Task>> {
  const ids = keys.map(({ id }) => id);
  const tasks = ids.length > 0 ? await db.task.findMany({ ...query, where: { id: { in: ids } } }) : [];
  return new Map(tasks.map((task) => [task.id, task]));
}

/** The first running child of each parent, or else its first retrying one. Two queries in all. */
export async function listCurrentChildren(
  { db, viewer }: { db: Db; viewer: Viewer },
  parentIds: readonly string[],
  query: Selection,
): Promise<(Task | null)[]> {
  const keys = await db.$queryRaw<{ id: string; parentId: string }[]>`
    SELECT DISTINCT ON ("parentId") "id", "parentId" FROM "Task"
    WHERE "parentId" = ANY(${parentIds}::uuid[]) AND "state" IN ('RUNNING', 'RETRYING') AND ${ownedBy(viewer)}
    ORDER BY "parentId", "state" = 'RUNNING' DESC, "position"`;
  const byId = await findById(db, keys, query);
  const byParent = new Map(keys.map(({ id, parentId }) => [parentId, byId.get(id)]));
  return parentIds.map((parentId) => byParent.get(parentId) ?? null);
}

export async function countChildren(
  { db, viewer }: { db: Db; viewer: Viewer },
  parentIds: readonly string[],
): Promise<number[]> {
  const groups = await db.task.groupBy({
    by: ['parentId'],
    where: { ...visibleTo(viewer), parentId: { in: [...parentIds] }, dismissedAt: null },
    _count: { _all: true },
  });
  const counts = new Map(groups.map((group) => [group.parentId, group._count._all]));
  return parentIds.map((parentId) => counts.get(parentId) ?? 0);
}

export type ChildSummary = Pick<
  Task,
  | 'id'
  | 'kind'
  | 'state'
  | 'title'
  | 'artists'
  | 'album'
  | 'progress'
  | 'attempt'
  | 'retryAt'
  | 'errorMessage'
  | 'updatedAt'
> & { parentId: string; position: number };

/** The counters cover all. */
export const MAX_OUTCOMES = 100;

/** Running and retrying children, and the first children of finished parents, by position. */
export function listChildSummaries(db: Db, parentIds: readonly string[]): Promise<ChildSummary[]> {
  return db.$queryRaw<ChildSummary[]>`
    SELECT c."id", c."parentId", c."kind", c."state", c."position", c."title", c."artists", c."album",
      c."progress", c."attempt", c."retryAt", c."errorMessage", c."updatedAt"
    FROM (
      SELECT "id" FROM "Task"
      WHERE "parentId" = ANY(${parentIds}::uuid[]) AND "state" IN ('RUNNING', 'RETRYING')
      UNION ALL
      SELECT child."id" FROM "Task" child JOIN "Task" parent ON parent."id" = child."parentId"
      WHERE child."parentId" = ANY(${parentIds}::uuid[]) AND child."position" < ${MAX_OUTCOMES}
        AND child."state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED')
        AND parent."state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED')
    ) AS found JOIN "Task" c USING ("id")
    ORDER BY c."parentId", c."position"`;
}

/** Null unless it is the task of a playlist, or of the check of one. Throws for an item that cannot be read. */
export async function findPlaylist(db: Db, taskId: string): Promise<Playlist | null> {
  const found = await db.task.findUnique({ where: { id: taskId }, select: { kind: true, item: true } });
  if (found?.kind === 'PLAYLIST') return playlistSchema.parse(found.item);
  const item = found?.kind === 'WATCH_CHECK' ? itemOf(found) : null;
  return item?.type === 'PLAYLIST' ? item : null;
}

export type PlaylistChild = Pick<Task, 'title' | 'artists' | 'filePath' | 'fileDurationMs'>;

export function listChildrenWithFile(db: Db, playlistId: string): Promise<PlaylistChild[]> {
  return db.task.findMany({
    select: { title: true, artists: true, filePath: true, fileDurationMs: true },
    where: { parentId: playlistId, state: { in: ['COMPLETED', 'SKIPPED'] }, filePath: { not: null } },
    orderBy: { position: 'asc' },
  });
}

export type FinishedPlaylist = Pick<Task, 'id' | 'finishedAt'>;

/** The longest waiting first. */
export function listUnwrittenPlaylists(db: Db, limit: number): Promise<FinishedPlaylist[]> {
  return db.task.findMany({
    select: { id: true, finishedAt: true },
    where: { kind: 'PLAYLIST', finishedAt: { not: null }, playlistFileAt: null },
    orderBy: { finishedAt: 'asc' },
    take: limit,
  });
}

/** Null path: no m3u8. False when the playlist has changed since, and the m3u8 may be stale. */
export async function markPlaylistWritten(
  db: Db,
  { id, finishedAt }: FinishedPlaylist,
  playlistFile: string | null,
): Promise<boolean> {
  const { count } = await db.task.updateMany({
    where: { id, finishedAt },
    data: { playlistFileAt: new Date(), ...(playlistFile === null ? {} : { playlistFile }) },
  });
  return count === 1;
}
