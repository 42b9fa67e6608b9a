import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import type { AlbumGroup } from '../catalog/catalog-item.js';
import type { Page, PageRequest } from '../catalog/catalog-source.js';
import { artistIdOf } from './library-file.js';
import type { LibraryAlbum, LibraryArtist } from './library-index.js';
import { wordPatterns } from '../catalog/normalize.js';
import { VARIOUS_ARTISTS } from './path-tags.js';

// Albums and artists are no rows of their own: they are what files say, grouped.

const VARIOUS_ID = artistIdOf(VARIOUS_ARTISTS);

/** Files without an album are each a single of their own, named for the track (catalog/library-file.ts). */
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

export async function listAlbumsOf(db: Db, ids: readonly string[]): Promise<LibraryAlbum[]> {
  if (ids.length === 0) return [];
  return db.$queryRaw<LibraryAlbum[]>(albumsWhere(Prisma.sql`"albumId" = ANY(${ids}::text[])`));
}

export async function searchAlbums(db: Db, text: string, page: PageRequest): Promise<Page<LibraryAlbum>> {
  const hits = Prisma.sql`
    SELECT "albumId" FROM "LibraryFile" WHERE "problem" IS NULL AND "album" <> ''
      AND split_part("searchText", E'\n', 3) LIKE ALL(${wordPatterns(text)}::text[])`;
  const albums = albumsWhere(Prisma.sql`"albumId" IN (${hits})`);
  return pageOf<LibraryAlbum>(db, albums, {
    ...page,
    order: Prisma.sql`"title", "artistName", "id"`,
  });
}

/** What an album of another artist is to this one: APPEARS_ON, a compilation too. */
export async function listArtistAlbums(
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

/** One row for each artist of each file. */
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

export async function searchArtists(db: Db, text: string, page: PageRequest): Promise<Page<LibraryArtist>> {
  const patterns = wordPatterns(text);
  const artists = artistsWhere(
    Prisma.sql`"searchText" LIKE ALL(${patterns}::text[]) AND credit."key" LIKE ALL(${patterns}::text[])`,
  );
  return pageOf<LibraryArtist>(db, artists, { ...page, order: Prisma.sql`lower("name"), "id"` });
}

/** Various artists are known even where no file names them. */
export async function listArtistsOf(db: Db, ids: readonly string[]): Promise<LibraryArtist[]> {
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
