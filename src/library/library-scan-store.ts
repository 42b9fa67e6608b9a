import { Prisma } from '../generated/prisma/client.js';
import type { Database, Db } from '../database/prisma.js';
import type { Page, PageRequest } from '../catalog/catalog-source.js';
import { changeIndex, ungroupWith } from './group-store.js';
import type { Verified } from '../media/media.js';
import type { LibraryFile } from './library-file.js';
import { problemKind, type PassedOver, type ProblemKind, type ProblemList } from './library-problems.js';

export interface KnownFile {
  id: string;
  sizeBytes: bigint;
  modifiedAt: Date;
  problem: string | null;
  scannedAt: Date;
  factsVersion: number;
  awaySince: Date | null;
}

const KNOWN = {
  ...{ id: true, path: true, sizeBytes: true, modifiedAt: true, problem: true, scannedAt: true },
  ...{ factsVersion: true, awaySince: true },
} as const;

/** Grows with the library: about 400 bytes a file. */
export async function listKnownFiles(db: Db): Promise<Map<string, KnownFile>> {
  const files = await db.libraryFile.findMany({
    select: KNOWN,
  });
  return new Map(files.map(({ path, ...known }) => [path, known]));
}

/** Files are on the album that they were on until they are grouped (group-store.ts). */
export async function saveFiles(db: Database, files: readonly LibraryFile[]): Promise<void> {
  const [first] = files;
  if (!first) return;
  const kept = ['id', 'albumId', 'copyOfId'];
  const columns = Object.keys(first).filter((column) => !kept.includes(column));
  const rows = JSON.stringify(files, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  const ids = files.map(({ id }) => id);
  await changeIndex(db, async (tx) => {
    await ungroupWith(tx, ids);
    await tx.$executeRaw`
      INSERT INTO "LibraryFile" AS f SELECT * FROM json_populate_recordset(NULL::"LibraryFile", ${rows}::json)
      ON CONFLICT ("id") DO UPDATE SET
        "albumId" = CASE WHEN EXCLUDED."album" = '' THEN EXCLUDED."albumId" ELSE f."albumId" END,
        ${Prisma.raw(columns.map((column) => `"${column}" = EXCLUDED."${column}"`).join(', '))}`;
  });
}

/** Until the file changes. Empty: it was decoded, and the next download decodes it again. */
export async function saveVerified(
  db: Db,
  id: string,
  { sha256, decodedMs, probe }: Verified,
): Promise<void> {
  const verifiedProbe = probe && JSON.stringify(probe);
  const data = { verifiedSha256: sha256, verifiedMs: decodedMs, verifiedProbe };
  await db.libraryFile.updateMany({ where: { id }, data });
}

/** Formats of which a copy is decoded each time are left out (media/audio-digest.ts). */
export async function findUnverifiedFile(db: Db): Promise<LibraryFile | null> {
  const where = { verifiedSha256: null, problem: null, awaySince: null, codec: { in: ['flac', 'mp3'] } };
  return db.libraryFile.findFirst({ where, orderBy: { path: 'asc' } });
}

/** Except those that another scan has written since they were listed. */
export async function deleteFiles(db: Database, files: ReadonlyMap<string, KnownFile>): Promise<number> {
  const known = [...files.values()];
  const ids = known.map(({ id }) => id);
  const scannedAt = known.map((file) => file.scannedAt.toISOString());
  return changeIndex(db, async (tx) => {
    await ungroupWith(tx, ids);
    return tx.$executeRaw`
      DELETE FROM "LibraryFile" f USING unnest(${ids}::text[], ${scannedAt}::text[]) AS gone("id", "at")
      WHERE f."id" = gone."id" AND f."scannedAt" = gone."at"::timestamptz`;
  });
}

/** Null for files that are there. */
export async function markAway(db: Database, ids: readonly string[], awaySince: Date | null): Promise<void> {
  if (ids.length === 0) return;
  await changeIndex(db, async (tx) => {
    await ungroupWith(tx, ids);
    await tx.$executeRaw`UPDATE "LibraryFile" SET "awaySince" = ${awaySince} WHERE "id" = ANY(${ids}::text[])`;
  });
}

/** Of those that are away, all or those that have been since then. Albums are grouped again by the next scan. */
export async function deleteAwayFiles(db: Database, since: Date | null): Promise<number> {
  return changeIndex(db, async (tx) => {
    const where = { awaySince: since ? { lte: since } : { not: null } };
    const files = await tx.libraryFile.findMany({ where, select: { id: true } });
    const ids = files.map(({ id }) => id);
    if (ids.length === 0) return 0;
    await ungroupWith(tx, ids);
    return tx.$executeRaw`DELETE FROM "LibraryFile" WHERE "id" = ANY(${ids}::text[])`;
  });
}

/** In place of those of the scan before. */
export async function saveProblems(db: Database, problems: ProblemList): Promise<void> {
  const examples = problems.examples().map((passed, position) => ({ ...passed, position }));
  await changeIndex(db, async (tx) => {
    await tx.libraryProblem.deleteMany();
    await tx.libraryProblemCount.deleteMany();
    await tx.libraryProblem.createMany({ data: examples.map(withoutNul) });
    await tx.libraryProblemCount.createMany({ data: problems.counts() });
  });
}

/** PostgreSQL has no text with half a surrogate pair, which a name on Windows may have. */
const withoutNul = <Row extends PassedOver>(row: Row): Row => ({
  ...row,
  path: row.path.toWellFormed(),
  problem: row.problem.toWellFormed(),
});

export async function listProblems(db: Db, { offset, limit }: PageRequest): Promise<Page<PassedOver>> {
  const [items, counted] = await Promise.all([
    db.$queryRaw<PassedOver[]>`${PROBLEMS} ORDER BY "path", "kind" OFFSET ${offset} LIMIT ${limit}`,
    db.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS "total" FROM (${PROBLEMS}) problems`,
  ]);
  return { items, total: counted[0]?.total ?? 0 };
}

const PROBLEMS = Prisma.sql`
  SELECT "path", 'UNREADABLE' AS "kind", "problem" FROM "LibraryFile" WHERE "problem" IS NOT NULL
  UNION ALL SELECT "path", "kind", "problem" FROM "LibraryProblem"`;

export interface ProblemCount {
  kind: ProblemKind;
  count: number;
}

/** Of each kind that there is, in the order of `problemKind`; all of them, not only the examples. */
export async function countProblems(db: Db): Promise<ProblemCount[]> {
  const [unreadable, others] = await Promise.all([
    db.libraryFile.count({ where: { problem: { not: null } } }),
    db.libraryProblemCount.findMany(),
  ]);
  const counts = new Map([
    ['UNREADABLE', unreadable],
    ...others.map(({ kind, count }) => [kind, count] as const),
  ]);
  return problemKind.options.flatMap((kind) => {
    const count = counts.get(kind) ?? 0;
    return count > 0 ? [{ kind, count }] : [];
  });
}

/** The last scan, or the one that runs. */
export interface LibraryScan {
  startedAt: Date;
  finishedAt: Date | null;
  fileCount: number;
  problemCount: number;
  sequence: bigint;
}

export interface LibraryRow {
  key: 'library';
  sequence: bigint;
  scan: LibraryScan | null;
}

export async function readLibraryRows(db: Db): Promise<LibraryRow[]> {
  const scan = await findScan(db);
  return [{ key: 'library', sequence: scan?.sequence ?? 0n, scan }];
}

export function findScan(db: Db): Promise<LibraryScan | null> {
  return db.libraryScan.findUnique({ where: { id: 1 } });
}

export async function saveScanStart(db: Db, startedAt: Date): Promise<void> {
  const counts = await countFiles(db);
  const scan = { ...counts, startedAt, finishedAt: null };
  await db.libraryScan.upsert({ where: { id: 1 }, create: scan, update: scan });
}

export async function saveScanEnd(db: Db, finishedAt: Date): Promise<void> {
  const counts = await countFiles(db);
  await db.libraryScan.updateMany({ data: { ...counts, finishedAt } });
}

async function countFiles(db: Db): Promise<{ fileCount: number; problemCount: number }> {
  const [fileCount, problems] = await Promise.all([countReadableFiles(db), countProblems(db)]);
  return { fileCount, problemCount: problems.reduce((sum, { count }) => sum + count, 0) };
}

export function countAwayFiles(db: Db): Promise<number> {
  return db.libraryFile.count({ where: { awaySince: { not: null } } });
}

export function countReadableFiles(db: Db): Promise<number> {
  return db.libraryFile.count({ where: { problem: null } });
}
