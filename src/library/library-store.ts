import DataLoader from 'dataloader';
import { Prisma } from '../generated/prisma/client.js';
import type { AlbumGroup, Track } from '../catalog/catalog-item.js';
import type { Page, PageRequest } from '../catalog/catalog-source.js';
import { titleKey, wordPatterns } from '../catalog/normalize.js';
import type { Db } from '../database/prisma.js';
import { artistIdOf, type LibraryFile } from './library-file.js';
import { VARIOUS_ARTISTS } from './path-tags.js';

export interface LibraryAlbum {
  id: string;
  title: string;
  artistId: string;
  artistName: string;
  group: AlbumGroup;
  trackTotal: number;
  discTotal: number;
  releaseDate: string | null;
  upc: string | null;
  label: string | null;
  copyright: string | null;
  genres: string[];
}

export interface LibraryArtist {
  id: string;
  name: string;
  genres: string[];
}

export interface LibraryTrack {
  file: LibraryFile;
  /** Null for a file that is on no album. */
  album: LibraryAlbum | null;
}

type CandidateQuery = Pick<Track, 'title' | 'isrc' | 'durationMs'>;

/** Readable files only. A search matches items with every word; one without words matches all. */
export interface LibraryIndex {
  searchTracks(text: string, page: PageRequest): Promise<Page<LibraryTrack>>;
  searchAlbums(text: string, page: PageRequest): Promise<Page<LibraryAlbum>>;
  searchArtists(text: string, page: PageRequest): Promise<Page<LibraryArtist>>;
  findTrack(id: string): Promise<LibraryTrack | null>;
  findAlbum(id: string): Promise<LibraryAlbum | null>;
  findArtist(id: string): Promise<LibraryArtist | null>;
  listAlbumTracks(albumId: string, page: PageRequest): Promise<Page<LibraryTrack>>;
  listArtistAlbums(
    artistId: string,
    query: PageRequest & { groups: readonly AlbumGroup[] },
  ): Promise<Page<LibraryAlbum>>;
  /** Files with the same ISRC or normalized title and about the same length; at most 100. */
  listCandidates(query: CandidateQuery): Promise<LibraryFile[]>;
}

/** Searches go to `searchDb`: their cost grows with the library. */
export function createLibraryIndex(db: Db, searchDb: Db = db): LibraryIndex {
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
    searchTracks: (text, page) => searchTracks(searchDb, text, page),
    searchAlbums: (text, page) => searchAlbums(searchDb, text, page),
    searchArtists: (text, page) => searchArtists(searchDb, text, page),
    findTrack: (id) => tracks.load(id),
    findAlbum: (id) => albums.load(id),
    findArtist: (id) => artists.load(id),
    listAlbumTracks: (albumId, page) => listAlbumTracks(db, albumId, page),
    listArtistAlbums: (artistId, query) => listArtistAlbums(db, artistId, query),
    listCandidates: (query) => listCandidates(db, query),
  };
}

/** One query for all that one tick asks for; caches nothing. */
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

/** A title alone proposes nothing: without a length, only a code can match. */
async function listCandidates(db: Db, { title, isrc, durationMs }: CandidateQuery): Promise<LibraryFile[]> {
  const proposals: Prisma.LibraryFileWhereInput[] = isrc ? [{ isrc }] : [];
  if (durationMs !== null) {
    const length = { gte: durationMs - LENGTH_WINDOW_MS, lte: durationMs + LENGTH_WINDOW_MS };
    proposals.push({ titleKey: titleKey(title), durationMs: length });
  }
  if (proposals.length === 0) return [];
  return db.libraryFile.findMany({
    where: { problem: null, OR: proposals },
    orderBy: { id: 'asc' },
    take: 100,
  });
}

/** For many tracks at once: files with a code or title of one of them. */
export function listFilesLike(
  db: Db,
  tracks: readonly Pick<Track, 'title' | 'isrc'>[],
): Promise<LibraryFile[]> {
  const codes = tracks.flatMap(({ isrc }) => isrc ?? []);
  const titles = tracks.map(({ title }) => titleKey(title));
  return db.libraryFile.findMany({
    where: { problem: null, OR: [{ isrc: { in: codes } }, { titleKey: { in: titles } }] },
  });
}

/** Of the files that these artists are on. */
export async function listAlbumTitles(db: Db, artistIds: readonly string[]): Promise<string[]> {
  const rows = await db.$queryRaw<{ album: string }[]>`
    SELECT DISTINCT CASE WHEN "album" = '' THEN "title" ELSE "album" END AS "album" FROM "LibraryFile"
    WHERE "problem" IS NULL AND "artistIds" && ${artistIds}::text[]`;
  return rows.map(({ album }) => album);
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

// Albums and artists have no rows of their own: they are groups of files.

const VARIOUS_ID = artistIdOf(VARIOUS_ARTISTS);

/** Files without an album are each a single of their own, named for the track (library-file.ts). */
const albumsWhere = (where: Prisma.Sql) => Prisma.sql`
  SELECT "albumId" AS "id", CASE WHEN max("album") = '' THEN max("title") ELSE max("album") END AS "title",
    CASE WHEN min(album_artist) = max(album_artist) THEN max(album_artist) ELSE ${VARIOUS_ID} END AS "artistId",
    CASE WHEN min(album_artist) = max(album_artist) THEN max("albumArtist") ELSE ${VARIOUS_ARTISTS} END AS "artistName",
    CASE WHEN max("album") = '' THEN 'SINGLE'
      WHEN min(album_artist) <> max(album_artist) OR max(album_artist) = ${VARIOUS_ID} THEN 'COMPILATION'
      ELSE 'ALBUM' END AS "group",
    count(*)::int AS "trackTotal", greatest(max("discNumber"), max("discTotal"), 1) AS "discTotal",
    max("releaseDate") AS "releaseDate", max("upc") AS "upc", max("label") AS "label", max("copyright") AS "copyright",
    coalesce(array_agg(DISTINCT genre ORDER BY genre) FILTER (WHERE genre IS NOT NULL), '{}') AS "genres"
  FROM (SELECT *, coalesce("artistIds"[cardinality("artistIds")], '') AS album_artist, "genres"[1] AS genre FROM "LibraryFile") files
  WHERE "problem" IS NULL AND ${where} GROUP BY "albumId"`;

async function listAlbumsOf(db: Db, ids: readonly string[]): Promise<LibraryAlbum[]> {
  if (ids.length === 0) return [];
  return db.$queryRaw<LibraryAlbum[]>(albumsWhere(Prisma.sql`"albumId" = ANY(${ids}::text[])`));
}

async function searchAlbums(db: Db, text: string, page: PageRequest): Promise<Page<LibraryAlbum>> {
  const hits = Prisma.sql`
    SELECT "albumId" FROM "LibraryFile" WHERE "problem" IS NULL AND "album" <> ''
      AND split_part("searchText", E'\n', 3) LIKE ALL(${wordPatterns(text)}::text[])`;
  const albums = albumsWhere(Prisma.sql`"albumId" IN (${hits})`);
  return pageOf<LibraryAlbum>(db, albums, {
    ...page,
    order: Prisma.sql`"title", "artistName", "id"`,
  });
}

/** An album of another artist, or a compilation, is APPEARS_ON here. */
async function listArtistAlbums(
  db: Db,
  artistId: string,
  { groups, ...page }: PageRequest & { groups: readonly AlbumGroup[] },
): Promise<Page<LibraryAlbum>> {
  const hits = Prisma.sql`
    SELECT "albumId" FROM "LibraryFile" WHERE "problem" IS NULL AND "artistIds" @> ARRAY[${artistId}]`;
  const albums = Prisma.sql`
    SELECT * FROM (
      SELECT "id", "title", "artistId", "artistName",
        CASE WHEN "artistId" = ${artistId} THEN "group" ELSE 'APPEARS_ON' END AS "group",
        "trackTotal", "discTotal", "releaseDate", "upc", "label", "copyright", "genres"
      FROM (${albumsWhere(Prisma.sql`"albumId" IN (${hits})`)}) albums
    ) grouped WHERE "group" = ANY(${groups}::text[])`;
  return pageOf<LibraryAlbum>(db, albums, {
    ...page,
    order: Prisma.sql`"releaseDate" DESC NULLS LAST, "title", "id"`,
  });
}

const credits = (where: Prisma.Sql) => Prisma.sql`
  SELECT credit."id", credit."name", "genres"[1] AS genre
  FROM "LibraryFile", unnest(
    "artistIds", "artists" || "albumArtist", string_to_array(split_part("searchText", E'\n', 2), E'\t')
  ) AS credit("id", "name", "key")
  WHERE "problem" IS NULL AND credit."id" IS NOT NULL AND ${where}`;

const artistsWhere = (where: Prisma.Sql) => Prisma.sql`
  SELECT "id", mode() WITHIN GROUP (ORDER BY "name") AS "name",
    coalesce(array_agg(DISTINCT genre ORDER BY genre) FILTER (WHERE genre IS NOT NULL), '{}') AS "genres"
  FROM (${credits(where)}) credits GROUP BY "id"`;

async function searchArtists(db: Db, text: string, page: PageRequest): Promise<Page<LibraryArtist>> {
  const patterns = wordPatterns(text);
  const artists = artistsWhere(
    Prisma.sql`"searchText" LIKE ALL(${patterns}::text[]) AND credit."key" LIKE ALL(${patterns}::text[])`,
  );
  return pageOf<LibraryArtist>(db, artists, { ...page, order: Prisma.sql`lower("name"), "id"` });
}

/** Various artists are known even where no file names them. */
async function listArtistsOf(db: Db, ids: readonly string[]): Promise<LibraryArtist[]> {
  const where = Prisma.sql`"artistIds" && ${ids}::text[] AND credit."id" = ANY(${ids}::text[])`;
  const artists = await db.$queryRaw<LibraryArtist[]>(artistsWhere(where));
  if (!ids.includes(VARIOUS_ID) || artists.some(({ id }) => id === VARIOUS_ID)) return artists;
  return [...artists, { id: VARIOUS_ID, name: VARIOUS_ARTISTS, genres: [] }];
}

async function pageOf<T>(
  db: Db,
  rows: Prisma.Sql,
  { offset, limit, order }: PageRequest & { order: Prisma.Sql },
): Promise<Page<T>> {
  const [items, counted] = await Promise.all([
    db.$queryRaw<T[]>`SELECT * FROM (${rows}) found ORDER BY ${order} OFFSET ${offset} LIMIT ${limit}`,
    db.$queryRaw<{ total: number }[]>`SELECT count(*)::int AS "total" FROM (${rows}) found`,
  ]);
  return { items, total: counted[0]?.total ?? 0 };
}
