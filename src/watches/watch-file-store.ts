import type { Db, WatchFile } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Watch } from './watch.js';

export type { WatchFile };

/* Which files a watch has. Those of changed members are noted before the history may lose their tasks. */

/**
 * Files of members whose download finished since the last time, or of one of these. One that this watch made stays one.
 * Each part of the union joins by a key. With statistics, PostgreSQL reads all tasks for every member of a lateral one.
 */
export async function noteFiles(db: Db, watchId: string, itemId: string | null = null): Promise<void> {
  await db.$executeRaw`
    WITH changed AS MATERIALIZED (
      SELECT member."watchId", member."itemId", task."id" AS "taskId", task."kind", parent."id" IS NOT NULL AS "isOwn"
      FROM "Watch" watch JOIN "WatchMember" member ON member."watchId" = watch."id"
      JOIN "Task" task ON task."id" = member."taskId"
      LEFT JOIN "Task" parent ON parent."id" = task."parentId" AND parent."kind" = 'WATCH_CHECK'
        AND parent."itemId" = watch."itemId" AND parent."ownerId" = watch."ownerId"
      WHERE watch."id" = ${watchId}::uuid AND member."sequence" >= watch."fileSequence"
        AND member."state" IN ('KNOWN', 'FAILED') ${itemId === null ? Prisma.empty : Prisma.sql`AND member."itemId" = ${itemId}`}
    ), tracks AS (
      ${tracksOf(Prisma.sql`track."id" = changed."taskId" AND changed."kind" = 'TRACK'`)}
      UNION ALL
      ${tracksOf(Prisma.sql`track."parentId" = changed."taskId" AND changed."kind" <> 'TRACK'`)}
    )
    INSERT INTO "WatchFile" ("watchId", "itemId", "path", "title", "artists", "durationMs", "sizeBytes", "made")
    SELECT DISTINCT ON ("itemId", "filePath") * FROM tracks ORDER BY "itemId", "filePath", "made" DESC
    ON CONFLICT ("watchId", "itemId", "path") DO UPDATE SET
      "made" = "WatchFile"."made" OR EXCLUDED."made", "sizeBytes" = EXCLUDED."sizeBytes"`;
}

const tracksOf = (isOfMember: Prisma.Sql) => Prisma.sql`
  SELECT changed."watchId", changed."itemId", track."filePath", track."title", track."artists",
    track."fileDurationMs", track."fileSizeBytes", track."state" = 'COMPLETED' AND changed."isOwn" AS "made"
  FROM changed JOIN "Task" track ON ${isOfMember}
  WHERE track."kind" = 'TRACK' AND track."state" IN ('COMPLETED', 'SKIPPED') AND track."filePath" IS NOT NULL
    AND track."trashedAt" IS NULL`;

export interface LibraryMatch {
  itemId: string;
  path: string;
  title: string;
  artists: string[];
  durationMs: number | null;
}

export async function noteLibraryFiles(
  db: Db,
  watchId: string,
  matches: readonly LibraryMatch[],
): Promise<void> {
  await db.watchFile.createMany({
    data: matches.map((match) => ({ ...match, watchId, made: false })),
    skipDuplicates: true,
  });
}

/* The m3u8. */

/**
 * Watches with members that changed. One that still downloads waits for the timer: a list of thousands is not written
 * for each of its tracks. Those whose files have a problem come last, in any order: they would keep the others from a
 * place.
 */
export function listChangedWatches(
  db: Db,
  { timed, limit }: { timed: boolean; limit: number },
): Promise<{ id: string }[]> {
  const isIdle = Prisma.sql`AND NOT EXISTS (
    SELECT FROM "WatchMember" member WHERE member."watchId" = watch."id" AND member."state" = 'QUEUED')`;
  return db.$queryRaw<{ id: string }[]>`
    SELECT watch."id" FROM "Watch" watch
    WHERE (watch."fileSequence" <= 0 OR EXISTS (
        SELECT FROM "WatchMember" member
        WHERE member."watchId" = watch."id" AND member."sequence" >= watch."fileSequence"))
      ${timed ? Prisma.empty : isIdle}
    ORDER BY watch."fileProblem" IS NOT NULL,
      CASE WHEN watch."fileProblem" IS NULL THEN watch."fileSequence" END, random() LIMIT ${limit}`;
}

export interface ListedFile {
  itemId: string;
  positions: number[];
  title: string;
  artists: string[];
  filePath: string;
  fileDurationMs: bigint | null;
}

/**
 * Files of the items in the list, each item's best first: those of its watches, then those of downloads by hand. In a
 * folder that all users share, everybody's: their watches write the same m3u8.
 */
export function listFilesOfList(
  db: Db,
  { id, ownerId, itemId }: Pick<Watch, 'id' | 'ownerId' | 'itemId'>,
  { shared }: { shared: boolean },
): Promise<ListedFile[]> {
  const ofOwner = (column: Prisma.Sql) =>
    shared ? Prisma.empty : Prisma.sql`AND ${column} = ${ownerId}::uuid`;
  return db.$queryRaw<ListedFile[]>`
    SELECT member."itemId", member."positions", file."title", file."artists", file."filePath", file."fileDurationMs"
    FROM "WatchMember" member CROSS JOIN LATERAL (
      SELECT 1 AS rank, known."title", known."artists", known."path" AS "filePath", known."durationMs" AS "fileDurationMs"
      FROM "Watch" watch JOIN "WatchFile" known ON known."watchId" = watch."id" AND known."itemId" = member."itemId"
      WHERE watch."kind" = 'PLAYLIST' AND watch."itemId" = ${itemId} ${ofOwner(Prisma.sql`watch."ownerId"`)}
        AND known."trashPath" IS NULL
      UNION ALL
      SELECT 2, task."title", task."artists", task."filePath", task."fileDurationMs" FROM "Task" task
      WHERE task."itemId" = member."itemId" AND task."state" = 'COMPLETED' AND task."kind" = 'TRACK'
        AND task."filePath" IS NOT NULL AND task."trashedAt" IS NULL ${ofOwner(Prisma.sql`task."ownerId"`)}
    ) AS file
    WHERE member."watchId" = ${id}::uuid AND member."removedAt" IS NULL
    ORDER BY member."itemId", file.rank, file."filePath"`;
}

/** False when something changed while the files were read: what was written may be older than another worker's. */
export async function saveFilesRead(
  db: Db,
  { id, fileSequence }: Pick<Watch, 'id' | 'fileSequence'>,
  { sequence, playlistFile }: { sequence: bigint; playlistFile: string | null },
): Promise<boolean> {
  const written = playlistFile === null ? {} : { playlistFile };
  const { count } = await db.watch.updateMany({
    where: { id, fileSequence },
    data: { fileSequence: sequence, ...written },
  });
  return count === 1;
}

/** False when it was known already. */
export async function saveFileProblem(db: Db, id: string, fileProblem: string | null): Promise<boolean> {
  const changed = await db.$executeRaw`
    UPDATE "Watch" SET "fileProblem" = ${fileProblem}
    WHERE "id" = ${id}::uuid AND "fileProblem" IS DISTINCT FROM ${fileProblem}`;
  return changed === 1;
}
