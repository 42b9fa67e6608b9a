import { searchKey } from '../catalog/normalize.js';
import type { Database, Db, LibraryAlbum } from '../database/prisma.js';
import { groupAlbums, toSingle, type GroupedAlbum } from './group-albums.js';
import { toSearchText, type LibraryFile } from './library-file.js';

/** Large albums, and a name that thousands of files share. */
const LIMITS = { timeout: 60_000, maxWait: 60_000 };

/** One at a time: rows of several files are changed together, in no certain order. */
export function changeIndex<Result>(db: Database, change: (tx: Db) => Promise<Result>): Promise<Result> {
  return db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('reprise.library'))) AS taken`;
    return change(tx);
  }, LIMITS);
}

interface GroupOptions {
  isOwnOutput: (path: string) => boolean;
  signal?: AbortSignal;
}

/** Groups what has changed since the last time, with all files that it may belong to; a crash loses nothing. */
export async function groupChangedFiles(db: Database, options: GroupOptions): Promise<void> {
  while (await changeIndex(db, (tx) => groupBatch(tx, options))) options.signal?.throwIfAborted();
}

const BATCH = 500;

/** False when there was nothing to do. */
async function groupBatch(tx: Db, { isOwnOutput }: GroupOptions): Promise<boolean> {
  const changed = await tx.libraryFile.findMany({
    where: { grouped: false },
    orderBy: { albumKey: 'asc' },
    take: BATCH,
  });
  if (changed.length === 0) return false;
  const albums = groupAlbums(await listRelated(tx, changed.filter(isOnAlbum)), { isOwnOutput });
  const singles = changed.filter((file) => !isOnAlbum(file));
  await saveGroups(tx, albums, singles);
  await saveAlbums(tx, [
    ...albums.map(({ album }) => album),
    ...singles.filter((file) => file.albumId && file.problem === null).map(toSingle),
  ]);
  await saveArtists(tx, [...changed, ...albums.flatMap(({ files }) => files)]);
  return true;
}

const isOnAlbum = ({ album, problem }: LibraryFile): boolean => album !== '' && problem === null;

/** A release may have its title in several spellings: until no file is added. */
async function listRelated(tx: Db, changed: readonly LibraryFile[]): Promise<LibraryFile[]> {
  let files = changed;
  for (let before = -1; files.length > before;) {
    before = files === changed ? 0 : files.length;
    const values = (of: (file: LibraryFile) => string | null) => [
      ...new Set(files.flatMap((file) => of(file) ?? [])),
    ];
    files = await tx.libraryFile.findMany({
      where: {
        problem: null,
        album: { not: '' },
        OR: [
          { albumKey: { in: values(({ albumKey }) => albumKey) } },
          { releaseId: { in: values(({ releaseId }) => releaseId) } },
        ],
      },
    });
  }
  return [...files];
}

async function saveGroups(
  tx: Db,
  albums: readonly GroupedAlbum[],
  singles: readonly LibraryFile[],
): Promise<void> {
  const rows = [
    ...albums.flatMap(({ album, files, copies }) =>
      files.map(({ id }) => ({ id, albumId: album.id, copyOfId: copies.get(id) ?? null })),
    ),
    ...singles.map(({ id, albumId }) => ({ id, albumId, copyOfId: null })),
  ];
  await tx.$executeRaw`
    UPDATE "LibraryFile" f SET "grouped" = true, "albumId" = g."albumId", "copyOfId" = g."copyOfId"
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS g("id" text, "albumId" text, "copyOfId" text)
    WHERE f."id" = g."id"
      AND (NOT f."grouped" OR (f."albumId", f."copyOfId") IS DISTINCT FROM (g."albumId", g."copyOfId"))`;
}

async function saveAlbums(tx: Db, albums: readonly LibraryAlbum[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO "LibraryAlbum" AS a
    SELECT * FROM json_populate_recordset(NULL::"LibraryAlbum", ${JSON.stringify(albums)}::json)
    ON CONFLICT ("id") DO UPDATE SET ("title", "artistId", "artistName", "group", "trackTotal", "discTotal",
      "releaseDate", "upc", "label", "copyright", "genres", "searchText") = ROW (EXCLUDED."title", EXCLUDED."artistId",
      EXCLUDED."artistName", EXCLUDED."group", EXCLUDED."trackTotal", EXCLUDED."discTotal", EXCLUDED."releaseDate",
      EXCLUDED."upc", EXCLUDED."label", EXCLUDED."copyright", EXCLUDED."genres", EXCLUDED."searchText")
    WHERE a.* IS DISTINCT FROM EXCLUDED.*`;
}

interface NamedArtist {
  id: string;
  name: string;
  genres: string[];
}

/** Named as most files name them. */
async function saveArtists(tx: Db, files: readonly LibraryFile[]): Promise<void> {
  const ids = [...new Set(files.flatMap(({ artistIds }) => artistIds))];
  const artists = await tx.$queryRaw<NamedArtist[]>`
    SELECT "id", mode() WITHIN GROUP (ORDER BY "name") AS "name",
      coalesce(array_agg(DISTINCT genre ORDER BY genre) FILTER (WHERE genre IS NOT NULL), '{}') AS "genres"
    FROM (
      SELECT credit."id", credit."name", "genres"[1] AS genre
      FROM "LibraryFile", unnest("artistIds", "artists" || "albumArtist") AS credit("id", "name")
      WHERE "problem" IS NULL AND "artistIds" && ${ids}::text[]
    ) credits WHERE "id" = ANY(${ids}::text[]) GROUP BY "id"`;
  const rows = artists.map((artist) => ({ ...artist, searchText: toSearchText([searchKey(artist.name)]) }));
  await tx.$executeRaw`
    INSERT INTO "LibraryArtist" AS a
    SELECT * FROM json_populate_recordset(NULL::"LibraryArtist", ${JSON.stringify(rows)}::json)
    ON CONFLICT ("id") DO UPDATE SET "name" = EXCLUDED."name", "genres" = EXCLUDED."genres",
      "searchText" = EXCLUDED."searchText"
    WHERE a.* IS DISTINCT FROM EXCLUDED.*`;
}

/** Before files are written or deleted: those that were with them are grouped again. */
export async function ungroupWith(tx: Db, ids: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE "LibraryFile" SET "grouped" = false WHERE "grouped" AND "albumId" IN (
      SELECT "albumId" FROM "LibraryFile" WHERE "id" = ANY(${ids}::text[]) AND "albumId" IS NOT NULL)`;
}

/** Albums and artists that no file names any more. */
export async function deleteEmptyGroups(db: Database): Promise<void> {
  await changeIndex(db, async (tx) => {
    await tx.$executeRaw`
      DELETE FROM "LibraryAlbum" a WHERE NOT EXISTS (
        SELECT FROM "LibraryFile" f WHERE f."albumId" = a."id" AND f."problem" IS NULL)`;
    await tx.$executeRaw`
      DELETE FROM "LibraryArtist" WHERE "id" NOT IN (
        SELECT unnest("artistIds") FROM "LibraryFile" WHERE "problem" IS NULL)`;
  });
}
