import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import type { Page, PageRequest } from '../catalog/catalog-source.js';
import type { LibraryFile } from './library-file.js';

export interface KnownFile {
  sizeBytes: bigint;
  modifiedAt: Date;
  problem: string | null;
  scannedAt: Date;
}

/** Grows with the library: about 300 bytes a file. */
export async function listKnownFiles(db: Db): Promise<Map<string, KnownFile>> {
  const files = await db.libraryFile.findMany({
    select: { path: true, sizeBytes: true, modifiedAt: true, problem: true, scannedAt: true },
  });
  return new Map(files.map(({ path, ...known }) => [path, known]));
}

/** Sorted, so that two scans at once cannot deadlock. */
export async function saveFiles(db: Db, files: readonly LibraryFile[]): Promise<void> {
  if (files.length === 0) return;
  const sorted = files.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const columns = Object.keys(sorted[0] ?? {}).filter((column) => column !== 'id');
  const rows = JSON.stringify(sorted, (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  await db.$executeRaw`
    INSERT INTO "LibraryFile" SELECT * FROM json_populate_recordset(NULL::"LibraryFile", ${rows}::json)
    ON CONFLICT ("id") DO UPDATE SET ${Prisma.raw(
      columns.map((column) => `"${column}" = EXCLUDED."${column}"`).join(', '),
    )}`;
}

/** Except those that another scan has written since they were listed. */
export async function deleteFiles(db: Db, files: ReadonlyMap<string, KnownFile>): Promise<number> {
  const scannedAt = [...files.values()].map((known) => known.scannedAt.toISOString());
  return db.$executeRaw`
    DELETE FROM "LibraryFile" USING unnest(${[...files.keys()]}::text[], ${scannedAt}::text[]) AS gone("path", "at")
    WHERE "LibraryFile"."path" = gone."path" AND "scannedAt" = gone."at"::timestamptz`;
}

export interface LibraryProblem {
  path: string;
  problem: string;
}

export async function listProblems(db: Db, { offset, limit }: PageRequest): Promise<Page<LibraryProblem>> {
  const where = { problem: { not: null } };
  const [items, total] = await Promise.all([
    db.libraryFile.findMany({
      where,
      select: { path: true, problem: true },
      orderBy: { path: 'asc' },
      skip: offset,
      take: limit,
    }),
    db.libraryFile.count({ where }),
  ]);
  return { items: items.map(({ path, problem }) => ({ path, problem: problem ?? '' })), total };
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
  const [fileCount, problemCount] = await Promise.all([
    countReadableFiles(db),
    db.libraryFile.count({ where: { problem: { not: null } } }),
  ]);
  return { fileCount, problemCount };
}

export function countReadableFiles(db: Db): Promise<number> {
  return db.libraryFile.count({ where: { problem: null } });
}
