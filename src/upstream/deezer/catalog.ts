import type { z } from 'zod';
import type { Album, CatalogItem, CatalogType, Episode, Show, Track } from '../../catalog/catalog-item.js';
import type { CatalogCache } from '../../catalog/catalog-cache.js';
import type { CatalogSource, Page } from '../../catalog/catalog-source.js';
import { createPictureFetcher } from '../../catalog/fetch-picture.js';
import type { Outbound } from '../../outbound/outbound.js';
import { present } from '../answers.js';
import { API_SERVICE, createDeezerApi, DISPLAY_NAME, type DeezerApi, type ListRequest } from './api.js';
import { createDetails, type Details } from './details.js';
import {
  localIdOf,
  PROVIDER,
  toAlbum,
  toArtist,
  toEpisode,
  toPlaylist,
  toPlaylistEntry,
  toShow,
  toTrack,
} from './map.js';
import {
  albumRowSchema,
  artistSchema,
  episodeSchema,
  playlistSchema,
  podcastSchema,
  trackRowSchema,
} from './schemas.js';

interface DeezerDeps {
  outbound: Outbound;
  cache: CatalogCache;
  url: string;
}

/** The catalog of Deezer by its public API, which needs no account. */
export function createDeezerCatalog({ outbound, cache, url }: DeezerDeps): CatalogSource {
  const api = createDeezerApi(outbound.openService({ ...API_SERVICE, trusted: [url] }), url);
  const details = createDetails(api, cache);
  const reads = { api, details };
  return {
    provider: PROVIDER,
    remote: true,
    search: ({ text, type, offset, limit }, signal) =>
      search(api, type, { query: { q: text }, offset, limit, signal }),
    findTrack: ifOwn((id, signal) => findTrack(details, id, signal)),
    findTrackByIsrc: async (isrc, signal) => {
      const found = /^[A-Z\d]{12}$/i.test(isrc) ? await details.track(`isrc:${isrc}`, signal) : null;
      return found && findTrack(details, found.id, signal);
    },
    findAlbumByUpc: async (upc, signal) => {
      const found = /^\d{8,14}$/.test(upc) ? await details.album(`upc:${upc}`, signal) : null;
      return found && findAlbum(details, found.id, signal);
    },
    findAlbum: ifOwn((id, signal) => findAlbum(details, id, signal)),
    findPlaylist: ifOwn(async (id, signal) => {
      const found = await api.find(`/playlist/${id}`, playlistSchema, signal);
      return found && toPlaylist(found);
    }),
    findArtist: ifOwn(async (id, signal) => {
      const found = await details.artist(id, signal);
      return found && toArtist(found);
    }),
    findShow: ifOwn((id, signal) => findShow(reads, id, signal)),
    findEpisode: ifOwn((id, signal) => findEpisode(reads, id, signal)),
    listAlbumTracks: pageIfOwn((id, page) => listAlbumTracks(details, id, page)),
    listPlaylistEntries: pageIfOwn(async (id, page) => {
      const { items, total } = await api.list(`/playlist/${id}/tracks`, trackRowSchema, page);
      return { items: (await details.completeTracks(items, page.signal)).map(toPlaylistEntry), total };
    }),
    listArtistAlbums: async (id, { groups, ...page }, signal) => {
      const listed = pageIfOwn((local, request: ListRequest) =>
        listArtistAlbums(reads, local, { ...request, groups }),
      );
      return listed(id, page, signal);
    },
    listShowEpisodes: pageIfOwn(async (id, page) => {
      const { items, total } = await api.list(`/podcast/${id}/episodes`, episodeSchema, page);
      return { items: present(items).map((each) => toEpisode(each, null)), total };
    }),
    fetchCover: createPictureFetcher(outbound, {
      provider: PROVIDER,
      displayName: DISPLAY_NAME,
      trusted: [url],
    }),
  };
}

function ifOwn<T>(find: (id: string, signal: AbortSignal) => Promise<T | null>) {
  return async (id: string, signal: AbortSignal): Promise<T | null> => {
    const local = localIdOf(id);
    return local === null ? null : find(local, signal);
  };
}

function pageIfOwn<T>(list: (id: string, request: ListRequest) => Promise<Page<T>>) {
  return async (
    id: string,
    page: { offset: number; limit: number },
    signal: AbortSignal,
  ): Promise<Page<T>> => {
    const local = localIdOf(id);
    return local === null ? { items: [], total: 0 } : list(local, { ...page, signal });
  };
}

/** The public API searches no episodes. */
async function search(api: DeezerApi, type: CatalogType, request: ListRequest): Promise<Page<CatalogItem>> {
  const find = async <T>(kind: string, schema: z.ZodType<T>, convert: (found: T) => CatalogItem) => {
    const { items, total } = await api.list(`/search/${kind}`, schema, request);
    return { items: present(items).map(convert), total };
  };
  switch (type) {
    case 'TRACK':
      return find('track', trackRowSchema, (each) => toTrack(each));
    case 'ALBUM':
      return find('album', albumRowSchema, (each) => toAlbum(each));
    case 'PLAYLIST':
      return find('playlist', playlistSchema, toPlaylist);
    case 'ARTIST':
      return find('artist', artistSchema, toArtist);
    case 'SHOW':
      return find('podcast', podcastSchema, (each) => toShow(each, 0));
    case 'EPISODE':
      return { items: [], total: 0 };
  }
}

/** How many discs it has only its tracks say. */
async function findAlbum(details: Details, id: string, signal: AbortSignal): Promise<Album | null> {
  const [found, tracks] = await Promise.all([details.album(id, signal), details.albumTracks(id, signal)]);
  if (!found) return null;
  const discs = tracks.map((track) => track.disk_number ?? 1);
  const album = toAlbum(found);
  return { ...album, trackTotal: album.trackTotal || tracks.length, discTotal: Math.max(1, ...discs) };
}

async function findTrack(details: Details, id: string, signal: AbortSignal): Promise<Track | null> {
  const found = await details.track(id, signal);
  if (!found) return null;
  const album = found.album && (await findAlbum(details, found.album.id, signal));
  return toTrack(found, album);
}

async function listAlbumTracks(
  details: Details,
  id: string,
  { offset, limit, signal }: ListRequest,
): Promise<Page<Track>> {
  const [album, rows] = await Promise.all([findAlbum(details, id, signal), details.albumTracks(id, signal)]);
  const tracks = await details.completeTracks(rows.slice(offset, offset + limit), signal);
  return { items: present(tracks).map((track) => toTrack(track, album)), total: rows.length };
}

const ALL = { offset: 0, limit: 10_000 };

/** Deezer cannot leave kinds out, so all albums are listed, and the details of a page's are added. */
async function listArtistAlbums(
  { api, details }: { api: DeezerApi; details: Details },
  id: string,
  { groups, offset, limit, signal }: ListRequest & { groups: readonly Album['group'][] },
): Promise<Page<Album>> {
  const [artist, { items }] = await Promise.all([
    details.artist(id, signal),
    api.list(`/artist/${id}/albums`, albumRowSchema, { ...ALL, signal }),
  ]);
  const ref = artist && toArtist(artist);
  const toOwn = (album: Parameters<typeof toAlbum>[0]) =>
    toAlbum(album, ref && { id: ref.id, name: ref.name });
  const wanted = present(items).filter((album) => groups.includes(toOwn(album).group));
  const rows = await details.completeAlbums(wanted.slice(offset, offset + limit), signal);
  return { items: rows.map(toOwn), total: wanted.length };
}

/** Only the list of its episodes says how many there are. */
async function findShow(
  { api, details }: { api: DeezerApi; details: Details },
  id: string,
  signal: AbortSignal,
): Promise<Show | null> {
  const found = await details.podcast(id, signal);
  if (!found) return null;
  const { total } = await api.list(`/podcast/${id}/episodes`, episodeSchema, { offset: 0, limit: 1, signal });
  return toShow(found, total);
}

async function findEpisode(
  reads: { api: DeezerApi; details: Details },
  id: string,
  signal: AbortSignal,
): Promise<Episode | null> {
  const found = await reads.api.find(`/episode/${id}`, episodeSchema, signal);
  if (!found) return null;
  const show = found.podcast && (await findShow(reads, found.podcast.id, signal));
  return toEpisode(found, show);
}
