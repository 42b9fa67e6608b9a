import DataLoader from 'dataloader';
import { Prisma } from '../generated/prisma/client.js';
import type { AlbumGroup, Artist, Track } from '../catalog/catalog-item.js';
import type { Page, PageRequest } from '../catalog/catalog-source.js';
import { escapeLike, searchKey, searchWords, titleKey, wordPatterns } from '../catalog/normalize.js';
import type { Db, LibraryAlbum } from '../database/prisma.js';
import type { Verified } from '../media/media.js';
import { saveVerified } from './library-scan-store.js';
import { artistIdOf, qualityOf, type LibraryFile } from './library-file.js';
import { VARIOUS_ARTISTS } from './path-tags.js';

export type { LibraryAlbum };

export type LibraryArtist = Pick<Artist, 'id' | 'name' | 'genres'>;

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
  findTrackByIsrc(isrc: string): Promise<LibraryTrack | null>;
  findAlbumByUpc(upc: string): Promise<LibraryAlbum | null>;
  listAlbumTracks(albumId: string, page: PageRequest): Promise<Page<LibraryTrack>>;
  listArtistAlbums(
    artistId: string,
    query: PageRequest & { groups: readonly AlbumGroup[] },
  ): Promise<Page<LibraryAlbum>>;
  /** What else the library has of the track of a file: its copies, or what it is one of; the served one first. */
  listCopies(file: LibraryFile): Promise<LibraryFile[]>;
  /** Files with the same ISRC or normalized title and about the same length; at most 100. */
  listCandidates(query: CandidateQuery): Promise<LibraryFile[]>;
  saveVerified(id: string, verified: Verified): Promise<void>;
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
  const tracksByIsrc = together(
    async (codes) =>
      withAlbums(db, await db.libraryFile.findMany({ where: { isrc: { in: [...codes] }, ...SERVED } })),
    ({ file }) => file.isrc ?? '',
  );
  const albumsByUpc = together(
    (codes) => db.libraryAlbum.findMany({ where: { upc: { in: [...codes] } } }),
    ({ upc }) => upc ?? '',
  );
  return {
    searchTracks: (text, page) => searchTracks(searchDb, printable(text), page),
    searchAlbums: (text, page) => searchAlbums(searchDb, printable(text), page),
    searchArtists: (text, page) => searchArtists(searchDb, printable(text), page),
    findTrack: (id) => tracks.load(id),
    findAlbum: (id) => albums.load(id),
    findArtist: (id) => artists.load(id),
    findTrackByIsrc: (isrc) => tracksByIsrc.load(isrc),
    findAlbumByUpc: (upc) => albumsByUpc.load(upc),
    listAlbumTracks: (albumId, page) => listAlbumTracks(db, albumId, page),
    listArtistAlbums: (artistId, query) => listArtistAlbums(db, artistId, query),
    listCopies: (file) => listCopies(db, file),
    listCandidates: (query) => listCandidates(db, query),
    saveVerified: (id, verified) => saveVerified(db, id, verified),
  };
}

/** PostgreSQL takes neither NUL nor half a surrogate pair. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cs}]+/gu, ' ');

/** One query for all that one tick asks for; caches nothing. */
function together<Item>(
  list: (ids: readonly string[]) => Promise<Item[]>,
  idOf: (item: Item) => string,
): DataLoader<string, Item | null> {
  const load = async (ids: readonly string[]) => {
    const byId = new Map((await list([...new Set(ids)])).map((item) => [idOf(item), item]));
    return ids.map((id) => byId.get(id) ?? null);
  };
  return new DataLoader(load, { cache: false, maxBatchSize: MAX_BATCH });
}

const MAX_BATCH = 500;
const SERVED = { problem: null, copyOfId: null };

async function listTracksOf(db: Db, ids: readonly string[]): Promise<LibraryTrack[]> {
  return withAlbums(db, await db.libraryFile.findMany({ where: { id: { in: [...ids] }, problem: null } }));
}

async function searchTracks(db: Db, text: string, page: PageRequest): Promise<Page<LibraryTrack>> {
  const found = Prisma.sql`"problem" IS NULL AND "copyOfId" IS NULL AND ${matches(text)}`;
  const [files, total] = await Promise.all([
    db.$queryRaw<LibraryFile[]>`
      SELECT * FROM "LibraryFile" WHERE ${found}
      ORDER BY ${rankOf(text)}, "titleKey" <> ${titleKey(text)},
        "albumArtist", "album", "discNumber" NULLS FIRST, "trackNumber" NULLS LAST, "title", "id"
      OFFSET ${page.offset} LIMIT ${page.limit}`,
    countFiles(db, found),
  ]);
  return { items: await withAlbums(db, files), total };
}

async function listAlbumTracks(db: Db, albumId: string, page: PageRequest): Promise<Page<LibraryTrack>> {
  const where = { albumId, ...SERVED };
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

async function listCopies(db: Db, { id, copyOfId }: LibraryFile): Promise<LibraryFile[]> {
  const served = copyOfId ?? id;
  const files = await db.libraryFile.findMany({
    where: { problem: null, id: { not: id }, OR: [{ id: served }, { copyOfId: served }] },
  });
  return files.toSorted(
    (a, b) => Number(a.copyOfId !== null) - Number(b.copyOfId !== null) || qualityOf(b) - qualityOf(a),
  );
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

const VARIOUS_ID = artistIdOf(VARIOUS_ARTISTS);

function listAlbumsOf(db: Db, ids: readonly string[]): Promise<LibraryAlbum[]> {
  return ids.length === 0
    ? Promise.resolve([])
    : db.libraryAlbum.findMany({ where: { id: { in: [...ids] } } });
}

function searchAlbums(db: Db, text: string, page: PageRequest): Promise<Page<LibraryAlbum>> {
  const rows = Prisma.sql`SELECT * FROM "LibraryAlbum" WHERE "group" <> 'SINGLE' AND ${matches(text)}`;
  const order = Prisma.sql`${rankOf(text)}, length("title"), "title", "artistName", "releaseDate", "id"`;
  return pageOf<LibraryAlbum>(db, rows, { ...page, order });
}

/** An album of another artist, or a compilation, is APPEARS_ON here. */
function listArtistAlbums(
  db: Db,
  artistId: string,
  { groups, ...page }: PageRequest & { groups: readonly AlbumGroup[] },
): Promise<Page<LibraryAlbum>> {
  const rows = Prisma.sql`
    SELECT * FROM (
      SELECT "id", "title", "artistId", "artistName",
        CASE WHEN "artistId" = ${artistId} THEN "group" ELSE 'APPEARS_ON' END AS "group",
        "trackTotal", "discTotal", "releaseDate", "upc", "label", "copyright", "genres"
      FROM "LibraryAlbum" WHERE "id" IN (
        SELECT "albumId" FROM "LibraryFile" WHERE "problem" IS NULL AND "artistIds" @> ARRAY[${artistId}])
    ) grouped WHERE "group" = ANY(${groups}::text[])`;
  const order = Prisma.sql`"releaseDate" DESC NULLS LAST, "title", "id"`;
  return pageOf<LibraryAlbum>(db, rows, { ...page, order });
}

function searchArtists(db: Db, text: string, page: PageRequest): Promise<Page<LibraryArtist>> {
  const rows = Prisma.sql`SELECT * FROM "LibraryArtist" WHERE ${matches(text)}`;
  const order = Prisma.sql`${rankOf(text)}, lower("name"), "id"`;
  return pageOf<LibraryArtist>(db, rows, { ...page, order });
}

/** Various artists are known even where no file names them. */
async function listArtistsOf(db: Db, ids: readonly string[]): Promise<LibraryArtist[]> {
  const artists = await db.libraryArtist.findMany({ where: { id: { in: [...ids] } } });
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

/* "searchText" has the title, or the name, in its first line, and every line between spaces (library-file.ts). */

/** With every word of the text; all where it has none. One LIKE a word: `LIKE ALL` takes no index. */
function matches(text: string): Prisma.Sql {
  return allLike(Prisma.sql`"searchText"`, wordPatterns(text));
}

/**
 * The lower the better: the very title, a title that begins with it, one with its words, one with words that begin
 * like them, one with their letters; then what is found by the artist alone, then by both.
 */
function rankOf(text: string): Prisma.Sql {
  const words = searchWords(text).map(escapeLike);
  if (words.length === 0) return Prisma.sql`0::integer`;
  const key = escapeLike(searchKey(text));
  const title = Prisma.sql`split_part("searchText", E'\n', 1)`;
  const all = (column: Prisma.Sql, like: (word: string) => string) => allLike(column, words.map(like));
  const credits = Prisma.sql`(E'\t' || split_part("searchText", E'\n', 2) || E'\t')`;
  return Prisma.sql`CASE
    WHEN ${title} LIKE ${` ${key} `} OR ${title} LIKE ${` the ${key} `} THEN 0
    WHEN ${title} LIKE ${` ${key} %`} THEN 1
    WHEN ${title} LIKE ${` ${key}%`} THEN 2
    WHEN ${all(title, (word) => `% ${word} %`)} THEN 3
    WHEN ${all(title, (word) => `% ${word}%`)} THEN 4
    WHEN ${all(title, (word) => `%${word}%`)} THEN 5
    WHEN ${credits} LIKE ${`%\t ${key} \t%`} THEN 6
    WHEN ${all(credits, (word) => `% ${word}%`)} THEN 7
    ELSE 8 END`;
}

function allLike(column: Prisma.Sql, patterns: readonly string[]): Prisma.Sql {
  if (patterns.length === 0) return Prisma.sql`true`;
  return Prisma.join(
    patterns.map((pattern) => Prisma.sql`${column} LIKE ${pattern}`),
    ' AND ',
  );
}
