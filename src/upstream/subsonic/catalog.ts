import {
  picturesOf,
  type Album,
  type AlbumGroup,
  type CatalogItem,
  type CatalogType,
  type Track,
} from '../../catalog/catalog-item.js';
import type { CatalogSource, Page, PageRequest } from '../../catalog/catalog-source.js';
import { normalizeText, searchWords } from '../../catalog/normalize.js';
import type { SubsonicApi } from './api.js';
import type { Mapping, SubsonicIds } from './map.js';
import {
  albumSchema,
  artistSchema,
  only,
  playlistSchema,
  playlistsSchema,
  searchSchema,
  songSchema,
  type SubsonicAlbum,
} from './schemas.js';

export interface SubsonicParts {
  /** `subsonic`, `subsonic2`, … */
  name: string;
  api: SubsonicApi;
  ids: SubsonicIds;
  mapping: Mapping;
}

const nothing = <T>(): Page<T> => ({ items: [], total: 0 });
const slice = <T>(items: T[], { offset, limit }: PageRequest): Page<T> => ({
  items: items.slice(offset, offset + limit),
  total: items.length,
});

/** What one of the owner's servers has. Pictures have no addresses of their own: those would hold the password. */
export function createSubsonicCatalog(parts: SubsonicParts): CatalogSource {
  const { ids, mapping } = parts;
  const reads = createReads(parts);
  const ifOwn = async <T>(id: string, load: (local: string) => Promise<T>): Promise<T | null> => {
    const local = ids.localIdOf(id);
    return local === null ? null : load(local);
  };
  return {
    provider: parts.name,
    remote: true,
    search: ({ type, ...query }, signal) => search(parts, type, { ...query, signal }),
    findTrack: (id, signal) =>
      ifOwn(id, async (local) => {
        const song = await reads.song(local, signal);
        if (!song || song.isDir || song.isVideo) return null;
        const album = song.albumId === null ? null : await reads.album(song.albumId, signal);
        return mapping.toTrack(song, album && mapping.toAlbum(album));
      }),
    findAlbum: (id, signal) =>
      ifOwn(id, async (local) => {
        const album = await reads.album(local, signal);
        return album && mapping.toAlbum(album);
      }),
    findPlaylist: (id, signal) =>
      ifOwn(id, async (local) => {
        const playlist = await reads.playlist(local, signal);
        return playlist && mapping.toPlaylist(playlist);
      }),
    findArtist: (id, signal) =>
      ifOwn(id, async (local) => {
        const artist = await reads.artist(local, signal);
        return artist && mapping.toArtist(artist);
      }),
    findShow: () => Promise.resolve(null),
    findEpisode: () => Promise.resolve(null),
    listAlbumTracks: async (id, page, signal) => {
      const album = await ifOwn(id, (local) => reads.album(local, signal));
      return album ? slice(tracksOf(mapping, album), page) : nothing();
    },
    listPlaylistEntries: async (id, page, signal) => {
      const playlist = await ifOwn(id, (local) => reads.playlist(local, signal));
      const entries = playlist?.entry.map((song) => mapping.toEntry(song && mapping.toTrack(song)));
      return entries ? slice(entries, page) : nothing();
    },
    listArtistAlbums: async (id, { groups, ...page }, signal) => {
      const artist = await ifOwn(id, (local) => reads.artist(local, signal));
      const albums = (artist?.album ?? []).flatMap((each) =>
        each ? [mapping.toAlbum(each, artist?.id)] : [],
      );
      return slice(inGroups(albums, groups), page);
    },
    listShowEpisodes: () => Promise.resolve(nothing()),
    fetchCover: (item, signal) => fetchCover(parts, item, signal),
  };
}

async function fetchCover(
  { api, ids }: SubsonicParts,
  item: CatalogItem,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const id = ids.localIdOf(picturesOf(item)[0]?.url ?? '');
  return id === null ? null : api.fetchPicture('getCoverArt', { parameters: { id }, signal });
}

const inGroups = (albums: Album[], groups: readonly AlbumGroup[]) =>
  albums.filter(({ group }) => groups.includes(group));

function createReads({ api }: Pick<SubsonicParts, 'api'>) {
  const request = (id: string, signal: AbortSignal) => ({ parameters: { id }, signal });
  return {
    song: (id: string, signal: AbortSignal) =>
      api.find('getSong', { ...request(id, signal), schema: only('song', songSchema) }),
    album: (id: string, signal: AbortSignal) =>
      api.find('getAlbum', { ...request(id, signal), schema: only('album', albumSchema) }),
    artist: (id: string, signal: AbortSignal) =>
      api.find('getArtist', { ...request(id, signal), schema: only('artist', artistSchema) }),
    playlist: (id: string, signal: AbortSignal) =>
      api.find('getPlaylist', { ...request(id, signal), schema: only('playlist', playlistSchema) }),
  };
}

/** In the order of the album, whatever order the server has. */
function tracksOf(mapping: Mapping, album: SubsonicAlbum): Track[] {
  const whole = mapping.toAlbum(album);
  const tracks = album.song.flatMap((song) => (song ? [mapping.toTrack(song, whole)] : []));
  const place = ({ discNumber, trackNumber }: Track) => (discNumber ?? 1) * 10_000 + (trackNumber ?? 0);
  return tracks.sort((a, b) => place(a) - place(b));
}

/** More at once is refused by some. */
const MAX_ROWS = 500;

type SearchRequest = { text: string; signal: AbortSignal } & PageRequest;

async function search(
  parts: SubsonicParts,
  type: CatalogType,
  request: SearchRequest,
): Promise<Page<CatalogItem>> {
  const { mapping } = parts;
  switch (type) {
    case 'TRACK':
      return pageOf(request, await findRows(parts, 'song', request), (song) => mapping.toTrack(song));
    case 'ALBUM':
      return pageOf(request, await findRows(parts, 'album', request), (album) => mapping.toAlbum(album));
    case 'ARTIST':
      return pageOf(request, await findRows(parts, 'artist', request), mapping.toArtist);
    case 'PLAYLIST':
      return searchPlaylists(parts, request);
    case 'EPISODE':
    case 'SHOW':
      return nothing();
  }
}

/** No response says how many there are: one more than requested tells whether there are more. */
function pageOf<Row>(
  { offset, limit }: PageRequest,
  rows: readonly (Row | null)[],
  convert: (row: Row) => CatalogItem,
): Page<CatalogItem> {
  const items = rows.slice(0, limit).flatMap((row) => (row ? [convert(row)] : []));
  return { items, total: rows.length === 0 ? 0 : offset + rows.length };
}

async function findRows<Kind extends 'song' | 'album' | 'artist'>(
  { api }: Pick<SubsonicParts, 'api'>,
  kind: Kind,
  { text, offset, limit, signal }: SearchRequest,
) {
  const parameters: Record<string, string | number> = { query: text };
  for (const each of ['song', 'album', 'artist']) {
    parameters[`${each}Count`] = each === kind ? Math.min(limit + 1, MAX_ROWS) : 0;
    parameters[`${each}Offset`] = each === kind ? offset : 0;
  }
  const found = await api.find('search3', { parameters, signal, schema: searchSchema });
  return found?.[kind] ?? [];
}

/** The API searches no playlists; a server has few. */
async function searchPlaylists(
  { api, mapping }: Pick<SubsonicParts, 'api' | 'mapping'>,
  { text, signal, ...page }: SearchRequest,
): Promise<Page<CatalogItem>> {
  const all = (await api.find('getPlaylists', { signal, schema: playlistsSchema })) ?? [];
  const words = searchWords(text);
  const found = all.flatMap((each) => {
    const name = normalizeText(each?.name ?? '');
    return each && words.every((word) => name.includes(word)) ? [mapping.toPlaylist(each)] : [];
  });
  return slice(found, page);
}
