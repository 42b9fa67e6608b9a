import { z } from 'zod';
import { albumSchema, trackSchema, type Album, type Track } from '../catalog/catalog-item.js';
import type { Db } from '../database/prisma.js';
import { Prisma } from '../generated/prisma/client.js';
import { listedSchema, type ListedItem } from './compare-list.js';
import type { ListEntry } from './read-list.js';
import { wantedOrigins, type MemberOrigin, type Watch } from './watch.js';

/** Entries of a list that is being read. They are in the database, where a long list costs no memory. */
export interface StagedList {
  watchId: string;
  readingId: string;
}

const inList = ({ watchId, readingId }: StagedList) =>
  Prisma.sql`"watchId" = ${watchId}::uuid AND "readingId" = ${readingId}::uuid`;

/** Nothing is stored for a watch that is gone. An item that an earlier page had keeps those positions too. */
export async function stageEntries(
  db: Db,
  { watchId, readingId }: StagedList,
  entries: readonly ListEntry[],
): Promise<void> {
  const rows = entries.map(({ listed: { itemId, positions, ...listed }, item }) => {
    return { itemId, positions, listed, item };
  });
  await db.$executeRaw`
    INSERT INTO "WatchEntry" ("watchId", "readingId", "itemId", "positions", "listed", "item")
    SELECT watch."id", ${readingId}::uuid, row."itemId", row."positions", row."listed", nullif(row."item", 'null')
    FROM (SELECT "id" FROM "Watch" WHERE "id" = ${watchId}::uuid FOR KEY SHARE) AS watch
    CROSS JOIN jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (
      "itemId" text, "positions" integer[], "listed" jsonb, "item" jsonb)
    ON CONFLICT ("watchId", "readingId", "itemId") DO UPDATE
      SET "positions" = "WatchEntry"."positions" || EXCLUDED."positions"`;
}

/** As many as were stored, unless the database has crashed since, or another check began. */
export async function countStaged(db: Db, list: StagedList): Promise<number> {
  const [row] = await db.$queryRaw<{ n: number }[]>`
    SELECT coalesce(sum(cardinality("positions")), 0)::int AS n FROM "WatchEntry" WHERE ${inList(list)}`;
  return row?.n ?? 0;
}

const entryRow = z.object({ itemId: z.string(), positions: z.array(z.number()), listed: listedSchema });

export interface Slice {
  /** The id of the last item of the slice before; empty for the first. */
  after: string;
  limit: number;
}

/** By id. */
export async function listStaged(db: Db, list: StagedList, { after, limit }: Slice): Promise<ListedItem[]> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT "itemId", "positions", "listed" FROM "WatchEntry"
    WHERE ${inList(list)} AND "itemId" > ${after} ORDER BY "itemId" LIMIT ${limit}`;
  return rows.map((row) => {
    const { listed, ...where } = entryRow.parse(row);
    return { ...where, ...listed };
  });
}

/*
 * The planner has no statistics of a table that has just been filled, and joins it row by row with all of it: an
 * anti-join of 5,000 with 5,000 took 8 s. So the set of ids is hashed, and items are looked up by the whole key.
 */

/** Members that the complete list does not have; their number. With `leaves`, their files go to the trash. */
export function markRemoved(tx: Db, list: StagedList, { leaves }: { leaves: boolean }): Promise<number> {
  return tx.$executeRaw`
    UPDATE "WatchMember" SET "removedAt" = now(), "leavesAt" = CASE WHEN ${leaves} THEN now() END
    WHERE "watchId" = ${list.watchId}::uuid AND "removedAt" IS NULL
      AND "itemId" NOT IN (SELECT "itemId" FROM "WatchEntry" WHERE ${inList(list)})`;
}

/** Also what a check that died has left. */
export async function deleteStaged(db: Db, watchId: string): Promise<void> {
  await db.$executeRaw`DELETE FROM "WatchEntry" WHERE "watchId" = ${watchId}::uuid`;
}

const wantedRow = z.object({
  itemId: z.string(),
  position: z.number().nullable(),
  origin: z.custom<MemberOrigin>((value) => typeof value === 'string'),
  item: z.discriminatedUnion('type', [trackSchema, albumSchema]).nullable(),
});

export interface WantedItem {
  itemId: string;
  /** Null where no reading has given it one. */
  position: number | null;
  origin: MemberOrigin;
  item: Track | Album | null;
}

/** By id. The item is the list's, or without a list that of the member's earlier download; null when neither is known. */
export async function listWantedItems(
  db: Db,
  watch: Watch,
  { list, after, limit }: Slice & { list: StagedList | null },
): Promise<WantedItem[]> {
  const source = list
    ? Prisma.sql`"WatchEntry" WHERE ${inList(list)} AND "itemId" = member."itemId"`
    : Prisma.sql`"Task" WHERE "id" = member."taskId"`;
  const rows = await db.$queryRaw<unknown[]>`
    SELECT member."itemId", member."position", member."origin", source."item" FROM (
      SELECT "itemId", "positions"[1] AS "position", "origin"::text, "taskId" FROM "WatchMember" member
      WHERE ${isWanted(watch)} AND "itemId" > ${after} ORDER BY "itemId" LIMIT ${limit}
    ) AS member LEFT JOIN LATERAL (SELECT nullif("item", 'null') AS "item" FROM ${source} LIMIT 1) AS source ON true
    ORDER BY member."itemId"`;
  return rows.map((row) => wantedRow.parse(row));
}

/** How many members this check has to queue, and of how many an earlier download has the item. */
export async function countWanted(db: Db, watch: Watch): Promise<{ wanted: number; held: number }> {
  const [row] = await db.$queryRaw<{ wanted: number; held: number }[]>`
    SELECT count(*)::int AS wanted, count(nullif(task."item", 'null'))::int AS held
    FROM "WatchMember" member LEFT JOIN "Task" task ON task."id" = member."taskId" WHERE ${isWanted(watch)}`;
  return row ?? { wanted: 0, held: 0 };
}

const isWanted = (watch: Watch) => Prisma.sql`
  member."watchId" = ${watch.id}::uuid AND member."state" = 'MISSING' AND member."removedAt" IS NULL
    AND member."origin"::text = ANY (${wantedOrigins(watch)}::text[])`;

/** After all positions that members have. */
export async function findFreePosition(db: Db, watchId: string): Promise<number> {
  const [row] = await db.$queryRaw<{ next: number }[]>`
    SELECT coalesce(max(position) + 1, 0)::int AS next
    FROM "WatchMember", unnest("positions") AS position WHERE "watchId" = ${watchId}::uuid`;
  return row?.next ?? 0;
}
