import type { Viewer } from '../auth/viewer.js';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';

/** Tracks that were made, by themselves or as part of a list, and the bytes of their files. */
export async function sumTracks(db: Db, viewer: Viewer): Promise<{ tracks: number; sizeBytes: bigint }> {
  const [sums] = await db.$queryRaw<{ tracks: number; sizeBytes: bigint }[]>`
    SELECT count(*)::int AS "tracks", coalesce(sum("fileSizeBytes"), 0)::bigint AS "sizeBytes"
    FROM "Task" WHERE "kind" = 'TRACK' AND "state" = 'COMPLETED' AND ${ownedBy(viewer)}`;
  return sums ?? { tracks: 0, sizeBytes: 0n };
}

/** Top-level downloads that were queued since then and have begun. */
export async function countSince(db: Db, viewer: Viewer, since: Date): Promise<number> {
  const [row] = await db.$queryRaw<{ n: number }[]>`
    SELECT count(*)::int AS n FROM "Task"
    WHERE "parentId" IS NULL AND "createdAt" >= ${since} AND ${ownedBy(viewer)}
      AND ("state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED') OR "startedAt" IS NOT NULL)`;
  return row?.n ?? 0;
}

function ownedBy(viewer: Viewer): Prisma.Sql {
  return viewer.role === 'ADMIN' ? Prisma.sql`true` : Prisma.sql`"ownerId" = ${viewer.id}::uuid`;
}

/** Milliseconds of audio that were made of each of these lists, albums of an artist looked through. */
export async function sumDurations(db: Db, listIds: readonly string[]): Promise<number[]> {
  const rows = await db.$queryRaw<{ id: string; sum: bigint }[]>`
    SELECT list."id", coalesce(sum(coalesce(track."fileDurationMs", child."fileDurationMs")), 0)::bigint AS "sum"
    FROM unnest(${listIds}::uuid[]) AS list("id")
    JOIN "Task" child ON child."parentId" = list."id"
    LEFT JOIN "Task" track ON track."parentId" = child."id" AND track."state" = 'COMPLETED'
    WHERE child."state" = 'COMPLETED' OR child."kind" <> 'TRACK'
    GROUP BY list."id"`;
  const sums = new Map(rows.map(({ id, sum }) => [id, Number(sum)]));
  return listIds.map((id) => sums.get(id) ?? 0);
}
