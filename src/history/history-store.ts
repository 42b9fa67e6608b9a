import type { Viewer } from '../auth/viewer.js';
import { escapeLike, searchWords } from '../catalog/normalize.js';
import { Prisma } from '../generated/prisma/client.js';
import type { PageKey } from '../database/pagination.js';
import type { Db } from '../database/prisma.js';
import type { Task } from '../tasks/task.js';
import type { HistoryFilter, HistoryStatus } from './history.js';

export interface HistoryPage {
  filter: HistoryFilter;
  /** At most this many. */
  limit: number;
  /** Rows to skip. */
  offset: number;
  after: PageKey | null;
}

/** How many rows a search finds. */
export async function countFound(db: Db, viewer: Viewer, filter: HistoryFilter): Promise<number> {
  const [row] = await db.$queryRaw<{ n: bigint }[]>`
    SELECT (SELECT count(*) FROM "Task" WHERE ${conditions(viewer, filter, ENDED)})
      + (SELECT count(*) FROM "Task" WHERE ${conditions(viewer, filter, BEGUN)}) AS n`;
  return Number(row?.n ?? 0);
}

/*
 * Spelled out, because the indexes' own conditions are: PostgreSQL uses an index of some rows only where it sees
 * that it holds all that are asked for.
 */
const ENDED = Prisma.sql`"state" IN ('COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED')`;
const BEGUN = Prisma.sql`"state" IN ('QUEUED', 'RUNNING', 'RETRYING', 'PAUSED') AND "startedAt" IS NOT NULL`;

/**
 * The newest first, dismissed ones too. One query, however deep or long the page: what has ended and what has begun
 * by their own indexes, because they are few that have not ended.
 */
export function listHistory(
  db: Db,
  viewer: Viewer,
  { filter, limit, offset, after }: HistoryPage,
): Promise<Task[]> {
  const beyond = after
    ? Prisma.sql`AND ("createdAt", "id") < (${after.createdAt}::timestamptz, ${after.id}::uuid)`
    : Prisma.empty;
  const newest = (half: Prisma.Sql) => Prisma.sql`
    (SELECT "id", "createdAt" FROM "Task" WHERE ${conditions(viewer, filter, half)} ${beyond}
     ORDER BY "createdAt" DESC, "id" DESC LIMIT ${offset + limit})`;
  return db.$queryRaw<Task[]>`
    SELECT task.* FROM (
      SELECT "id" FROM (${newest(ENDED)} UNION ALL ${newest(BEGUN)}) AS halves
      ORDER BY "createdAt" DESC, "id" DESC LIMIT ${limit} OFFSET ${offset}
    ) AS page JOIN "Task" task USING ("id")
    ORDER BY task."createdAt" DESC, task."id" DESC`;
}

const STATUS_SQL: Record<HistoryStatus, Prisma.Sql> = {
  IN_PROGRESS: BEGUN,
  COMPLETED: Prisma.sql`"state" = 'COMPLETED' AND "failed" + "cancelled" = 0`,
  PARTIAL: Prisma.sql`"state" = 'COMPLETED' AND "failed" + "cancelled" > 0`,
  SKIPPED: Prisma.sql`"state" = 'SKIPPED'`,
  FAILED: Prisma.sql`"state" = 'FAILED'`,
  CANCELLED: Prisma.sql`"state" = 'CANCELLED'`,
};

function conditions(viewer: Viewer, filter: HistoryFilter, half: Prisma.Sql): Prisma.Sql {
  const { statuses, kinds, text, includeChildren } = filter;
  const all = [
    half,
    ...(viewer.role === 'ADMIN' ? [] : [Prisma.sql`"ownerId" = ${viewer.id}::uuid`]),
    ...(includeChildren ? [] : [Prisma.sql`"parentId" IS NULL`]),
    ...(kinds ? [Prisma.sql`"kind" = ANY(${[...kinds]}::text[]::"TaskKind"[])`] : []),
    ...(statuses ? [anyOf(statuses.map((status) => STATUS_SQL[status]))] : []),
    ...searchWords(text ?? '').map((word) => Prisma.sql`"searchText" LIKE ${patternOf(word)}`),
  ];
  return Prisma.join(all, ' AND ');
}

function anyOf(some: Prisma.Sql[]): Prisma.Sql {
  return some.length === 0 ? Prisma.sql`false` : Prisma.sql`(${Prisma.join(some, ' OR ')})`;
}

/** A word anywhere in another; one too short for a trigram only at the beginning of one, which has some. */
function patternOf(word: string): string {
  return [...word].length < 3 ? `% ${escapeLike(word)}%` : `%${escapeLike(word)}%`;
}
