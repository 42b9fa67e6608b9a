import DataLoader from 'dataloader';
import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import type { Page, PageRequest } from '../catalog/catalog-source.js';
import type { LibraryFile } from './library-file.js';
import type { LibraryAlbum, LibraryIndex, LibraryTrack, Wanted } from './library-index.js';
import {
  listAlbumsOf,
  listArtistsOf,
  listArtistAlbums,
  searchAlbums,
  searchArtists,
} from './library-groups-store.js';
import { wordPatterns } from '../catalog/normalize.js';
import { titleKey } from '../catalog/normalize.js';

/** What a scan needs to know of a file to see whether it has changed. */
export interface KnownFile {
  sizeBytes: bigint;
  modifiedAt: Date;
  problem: string | null;
  scannedAt: Date;
}

/** By path. Grows with the library: about 300 bytes a file. */
export async function listKnownFiles(db: Db): Promise<Map<string, KnownFile>> {
  const files = await db.libraryFile.findMany({
    select: { path: true, sizeBytes: true, modifiedAt: true, problem: true, scannedAt: true },
  });
  return new Map(files.map(({ path, ...known }) => [path, known]));
}

/**
 * Writes records anew or over those with the same paths, in one statement. Sorted, so that two scans at once
 * cannot wait for each other's rows in a circle.
 */
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

/** Forgets files, except those that another scan has written since they were listed. */
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

/** Files that could not be read, and why. */
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

/** Files that can be found: those that could be read. */
export function countReadableFiles(db: Db): Promise<number> {
  return db.libraryFile.count({ where: { problem: null } });
}

export function createLibraryIndex(db: Db): LibraryIndex {
  const tracks = together(
    (ids) => listTracksOf(db, ids),
    ({ file }) => file.id,
  );
  const albums = together(
    (ids) => listAlbumsOf(db, ids),
    ({ id }) => id,
  );
  const artists = together(
    (ids) => listArtistsOf(db, ids),
    ({ id }) => id,
  );
  return {
    searchTracks: (text, page) => searchTracks(db, text, page),
    searchAlbums: (text, page) => searchAlbums(db, text, page),
    searchArtists: (text, page) => searchArtists(db, text, page),
    findTrack: (id) => tracks.load(id),
    findAlbum: (id) => albums.load(id),
    findArtist: (id) => artists.load(id),
    listAlbumTracks: (albumId, page) => listAlbumTracks(db, albumId, page),
    listArtistAlbums: (artistId, query) => listArtistAlbums(db, artistId, query),
    listCandidates: (wanted) => listCandidates(db, wanted),
  };
}

/** One query for all that are asked for at the same moment, such as the artists of a page. Nothing is kept. */
function together<Item>(
  list: (ids: readonly string[]) => Promise<Item[]>,
  idOf: (item: Item) => string,
): DataLoader<string, Item | null> {
  const load = async (ids: readonly string[]) => {
    const items = await list([...new Set(ids)]);
    const byId = new Map(items.map((item) => [idOf(item), item]));
    return ids.map((id) => byId.get(id) ?? null);
  };
  return new DataLoader(load, { cache: false, maxBatchSize: MAX_BATCH });
}

const MAX_BATCH = 500;

async function listTracksOf(db: Db, ids: readonly string[]): Promise<LibraryTrack[]> {
  const files = await db.libraryFile.findMany({ where: { id: { in: [...ids] }, problem: null } });
  return withAlbums(db, files);
}

/** The best first: the very title, then titles with all the words, then the rest; then as on a shelf. */
async function searchTracks(db: Db, text: string, page: PageRequest): Promise<Page<LibraryTrack>> {
  const patterns = wordPatterns(text);
  const found = Prisma.sql`"problem" IS NULL AND "searchText" LIKE ALL(${patterns}::text[])`;
  const [files, total] = await Promise.all([
    db.$queryRaw<LibraryFile[]>`
      SELECT * FROM "LibraryFile" WHERE ${found}
      ORDER BY "titleKey" <> ${titleKey(text)}, NOT split_part("searchText", E'\n', 1) LIKE ALL(${patterns}::text[]),
        "albumArtist", "album", "discNumber" NULLS FIRST, "trackNumber" NULLS LAST, "title", "id"
      OFFSET ${page.offset} LIMIT ${page.limit}`,
    countFiles(db, found),
  ]);
  return { items: await withAlbums(db, files), total };
}

async function listAlbumTracks(db: Db, albumId: string, page: PageRequest): Promise<Page<LibraryTrack>> {
  const where = { albumId, problem: null };
  const [files, total] = await Promise.all([
    db.libraryFile.findMany({
      where,
      orderBy: [
        { discNumber: { sort: 'asc', nulls: 'first' } },
        { trackNumber: { sort: 'asc', nulls: 'last' } },
        { path: 'asc' },
      ],
      skip: page.offset,
      take: page.limit,
    }),
    db.libraryFile.count({ where }),
  ]);
  return { items: await withAlbums(db, files), total };
}

/** Wider than the matcher's tolerance. */
const LENGTH_WINDOW_MS = 10_000;

function listCandidates(db: Db, { title, isrc, durationMs }: Wanted): Promise<LibraryFile[]> {
  const length = { gte: durationMs - LENGTH_WINDOW_MS, lte: durationMs + LENGTH_WINDOW_MS };
  const sameTitle = { titleKey: titleKey(title), durationMs: length };
  return db.libraryFile.findMany({
    where: { problem: null, OR: isrc ? [{ isrc }, sameTitle] : [sameTitle] },
    orderBy: { id: 'asc' },
    take: 100,
  });
}

async function withAlbums(db: Db, files: readonly LibraryFile[]): Promise<LibraryTrack[]> {
  const ids = files.flatMap(({ album, albumId }) => (album && albumId ? [albumId] : []));
  const albums = await listAlbumsOf(db, [...new Set(ids)]);
  const byId = new Map<string | null, LibraryAlbum>(albums.map((album) => [album.id, album]));
  return files.map((file) => ({ file, album: byId.get(file.album ? file.albumId : null) ?? null }));
}

async function countFiles(db: Db, where: Prisma.Sql): Promise<number> {
  const [row] = await db.$queryRaw<{ total: number }[]>`
    SELECT count(*)::int AS "total" FROM "LibraryFile" WHERE ${where}`;
  return row?.total ?? 0;
}
