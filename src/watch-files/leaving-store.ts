import type { Db, WatchFile } from '../database/prisma.js';
import type { Watch, WatchMember } from '../watches/watch.js';

/* Files of members that left their list, on their way to the trash. */

export interface LeavingMember {
  watchId: string;
  itemId: string;
}

/** Also with those whose move a process that was killed has begun. */
export async function listWatchesWithLeaving(db: Db): Promise<string[]> {
  const rows = await db.$queryRaw<{ watchId: string }[]>`
    SELECT "watchId" FROM "WatchMember" WHERE "leavesAt" IS NOT NULL
    UNION SELECT "watchId" FROM "WatchFile" WHERE "trashPath" IS NOT NULL ORDER BY "watchId"`;
  return rows.map(({ watchId }) => watchId);
}

/** Ids of a watch's leaving items that come after `after`. */
export async function listLeaving(
  db: Db,
  watchId: string,
  { after, limit }: { after: string; limit: number },
): Promise<string[]> {
  const rows = await db.$queryRaw<{ itemId: string }[]>`
    SELECT "itemId" FROM "WatchMember"
    WHERE "watchId" = ${watchId}::uuid AND "itemId" > ${after} AND "leavesAt" IS NOT NULL
    UNION SELECT "itemId" FROM "WatchFile"
    WHERE "watchId" = ${watchId}::uuid AND "itemId" > ${after} AND "trashPath" IS NOT NULL
    ORDER BY "itemId" LIMIT ${limit}`;
  return rows.map(({ itemId }) => itemId);
}

export function findMember(
  db: Db,
  { watchId, itemId }: LeavingMember,
): Promise<(WatchMember & { files: WatchFile[] }) | null> {
  return db.watchMember.findUnique({
    where: { watchId_itemId: { watchId, itemId } },
    include: { files: { orderBy: { path: 'asc' } } },
  });
}

/** Whether a download of the item by the same owner has not finished. */
export async function isBeingDownloaded(
  db: Db,
  { ownerId }: Pick<Watch, 'ownerId'>,
  { itemId }: LeavingMember,
): Promise<boolean> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT "id" FROM "Task" WHERE "itemId" = ${itemId} AND "ownerId" = ${ownerId}::uuid
      AND "state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED') LIMIT 1`;
  return rows.length > 0;
}

/** Whether another list of the same owner has the item. */
export async function isInAnotherList(
  db: Db,
  { ownerId }: Pick<Watch, 'ownerId'>,
  { itemId }: LeavingMember,
): Promise<boolean> {
  const found = await db.watchMember.findFirst({ where: { itemId, removedAt: null, watch: { ownerId } } });
  return found !== null;
}

/**
 * Whether anybody's list or download has this file besides: a download counts, unless a check queued it for an item that
 * has left the list of that check too.
 */
export async function isFileWanted(db: Db, path: string): Promise<boolean> {
  const [row] = await db.$queryRaw<{ wanted: boolean }[]>`
    SELECT EXISTS (
      SELECT FROM "WatchFile" file JOIN "WatchMember" member USING ("watchId", "itemId")
      WHERE file."path" = ${path} AND member."removedAt" IS NULL
    ) OR EXISTS (
      SELECT FROM "Task" task LEFT JOIN "Task" parent ON parent."id" = task."parentId"
        LEFT JOIN "Task" above ON above."id" = parent."parentId"
      WHERE task."filePath" = ${path} AND task."state" IN ('COMPLETED', 'SKIPPED') AND NOT EXISTS (
        SELECT FROM "Watch" watch JOIN "WatchMember" member ON member."watchId" = watch."id"
        WHERE watch."ownerId" = task."ownerId" AND member."removedAt" IS NOT NULL
          AND member."itemId" IN (task."itemId", parent."itemId") AND (
          (parent."kind" = 'WATCH_CHECK' AND parent."itemId" = watch."itemId" AND member."itemId" = task."itemId")
          OR (above."kind" = 'WATCH_CHECK' AND above."itemId" = watch."itemId" AND member."itemId" = parent."itemId")))
    ) AS wanted`;
  return row?.wanted ?? true;
}

type FileKey = Pick<WatchFile, 'watchId' | 'itemId' | 'path'>;

const keyOf = ({ watchId, itemId, path }: FileKey) => ({ watchId, itemId, path });

/** Called before the move, so that a crash between the move and its record is recognized. */
export async function planMove(db: Db, file: FileKey, trashPath: string): Promise<void> {
  await db.watchFile.updateMany({ where: keyOf(file), data: { trashPath } });
}

/** Its tasks show where it is. */
export async function recordMove(tx: Db, file: FileKey, trashPath: string): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Task" SET "filePath" = ${trashPath}, "trashedAt" = now()
    WHERE "filePath" = ${file.path} AND "state" IN ('COMPLETED', 'SKIPPED')`;
  await forgetFile(tx, file);
}

export async function forgetFile(tx: Db, file: FileKey): Promise<void> {
  await tx.watchFile.deleteMany({ where: keyOf(file) });
}

/** The owner does not have it any more: it is downloaded again when it comes back. */
export async function markGone(
  tx: Db,
  { ownerId }: Pick<Watch, 'ownerId'>,
  { watchId, itemId }: LeavingMember,
): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Task" SET "trashedAt" = now()
    WHERE "itemId" = ${itemId} AND "ownerId" = ${ownerId}::uuid AND "state" = 'COMPLETED' AND "kind" = 'ALBUM'
      AND "trashedAt" IS NULL`;
  await tx.$executeRaw`
    UPDATE "WatchMember" SET "state" = 'MISSING', "stateAt" = now(), "taskId" = NULL, "attempts" = 0
    WHERE "watchId" = ${watchId}::uuid AND "itemId" = ${itemId} AND "state" IN ('KNOWN', 'FAILED')`;
  await endLeaving(tx, { watchId, itemId });
}

export async function endLeaving(tx: Db, { watchId, itemId }: LeavingMember): Promise<void> {
  await tx.watchMember.updateMany({ where: { watchId, itemId }, data: { leavesAt: null } });
}
