import type { z } from 'zod';
import type {
  Album,
  Artist,
  CatalogItem,
  CatalogType,
  Episode,
  Show,
  Track,
} from '../../catalog/catalog-item.js';
import type { CatalogCache } from '../../catalog/catalog-cache.js';
import type { CatalogSource, Page, PageRequest } from '../../catalog/catalog-source.js';
import type { Outbound } from '../../outbound/outbound.js';
import { createPictureFetcher } from '../../catalog/fetch-picture.js';
import { compactCode, sameCode } from '../../catalog/match-track.js';
import { present } from '../answers.js';
import { DISPLAY_NAME, type FindRequest } from './api.js';
import type { Spotify, SpotifyClient } from './client.js';
import { createDetails, type Details } from './details.js';
import {
  groupOf,
  localIdOf,
  PROVIDER,
  toAlbum,
  toArtist,
  toEpisode,
  toPlaylist,
  toShow,
  toTrack,
} from './map.js';
import { createPlaylists } from './playlists.js';
import {
  albumRowSchema,
  artistSchema,
  episodeSchema,
  playlistSchema,
  showSchema,
  trackSchema,
  type SpotifyAlbumRow,
} from './schemas.js';

interface SpotifyCatalogDeps {
  outbound: Outbound;
  cache: CatalogCache;
  spotify: Spotify;
  url: string;
}

/** Of one request: by whom, for which country. */
interface Session {
  client: SpotifyClient;
  details: Details;
  request: FindRequest;
  market: string | null;
}

type SessionPage = PageRequest & { session: Session };

/** The catalog of Spotify by its Web API: what a track is, never its audio. */
export function createSpotifyCatalog({ outbound, cache, spotify, url }: SpotifyCatalogDeps): CatalogSource {
  const playlists = createPlaylists();
  const begin = async (signal: AbortSignal): Promise<Session> => {
    const client = await spotify.open();
    signal.throwIfAborted();
    const { market } = client.access;
    return { client, market, details: createDetails(client, cache), request: { signal, query: { market } } };
  };
  const ifOwn =
    <T>(find: (id: string, session: Session) => Promise<T | null>) =>
    async (id: string, signal: AbortSignal): Promise<T | null> => {
      const local = localIdOf(id);
      return local === null ? null : find(local, await begin(signal));
    };
  const pageIfOwn =
    <T, P extends PageRequest>(list: (id: string, page: P, session: Session) => Promise<Page<T> | null>) =>
    async (id: string, page: P, signal: AbortSignal): Promise<Page<T>> => {
      const local = localIdOf(id);
      const found = local === null ? null : await list(local, page, await begin(signal));
      return found ?? { items: [], total: 0 };
    };
  return {
    provider: PROVIDER,
    remote: true,
    isSetUp: () => spotify.isSetUp(),
    // The country decides what is there, and the connected user which playlists.
    cacheScope: async () => {
      const { market, connection } = (await spotify.open()).access;
      return [market ?? '', connection?.id ?? ''].join(' ').trim();
    },
    search: async ({ text, type, offset, limit }, signal) =>
      search({ text, type }, { offset, limit, session: await begin(signal) }),
    findTrackByIsrc: async (isrc, signal) =>
      ISRC.test(isrc) ? findTrackByIsrc(isrc, await begin(signal)) : null,
    findAlbumByUpc: async (upc, signal) => (UPC.test(upc) ? findAlbumByUpc(upc, await begin(signal)) : null),
    findTrack: ifOwn(findTrack),
    findAlbum: ifOwn((id, { details, request }) => details.wholeAlbum(id, request.signal)),
    findPlaylist: ifOwn(async (id, { client, request }) => {
      const found = await playlists.find(client, id, request);
      return found && toPlaylist(found);
    }),
    findArtist: ifOwn(findArtist),
    findShow: ifOwn(findShow),
    findEpisode: ifOwn(findEpisode),
    listAlbumTracks: pageIfOwn(listAlbumTracks),
    listPlaylistEntries: pageIfOwn((id, page, { client, request }) =>
      playlists.listEntries(client, id, { ...request, ...page }),
    ),
    listArtistAlbums: pageIfOwn(listArtistAlbums),
    listShowEpisodes: pageIfOwn(listShowEpisodes),
    fetchCover: createPictureFetcher(outbound, {
      provider: PROVIDER,
      displayName: DISPLAY_NAME,
      trusted: [url],
    }),
  };
}

/** Without a country, Spotify has neither shows nor episodes. */
const SPOKEN_MARKET = 'US';

function spoken({ request, market }: Session): FindRequest {
  return { ...request, query: { ...request.query, market: market ?? SPOKEN_MARKET } };
}

/** Further results cannot be requested. */
const MAX_RESULTS = 1_000;

async function search(
  { text, type }: { text: string; type: CatalogType },
  { offset, limit, session }: SessionPage,
): Promise<Page<CatalogItem>> {
  const size = Math.min(limit, MAX_RESULTS - offset);
  const find = async <T>(kind: string, schema: z.ZodType<T>, convert: (found: T) => CatalogItem) => {
    const { signal, query } = kind === 'show' || kind === 'episode' ? spoken(session) : session.request;
    const page = await session.client.app.list('/search', schema, {
      kind: 'search',
      within: `${kind}s`,
      query: { ...query, q: text, type: kind },
      ...{ offset, limit: Math.max(0, size), signal },
    });
    return { items: present(page?.items ?? []).map(convert), total: Math.min(page?.total ?? 0, MAX_RESULTS) };
  };
  switch (type) {
    case 'TRACK':
      return find('track', trackSchema, (each) => toTrack(each, session));
    case 'ALBUM':
      return find('album', albumRowSchema, (each) => toAlbum(each));
    case 'PLAYLIST':
      return find('playlist', playlistSchema, toPlaylist);
    case 'ARTIST':
      return find('artist', artistSchema, toArtist);
    case 'SHOW':
      return find('show', showSchema, toShow);
    case 'EPISODE':
      return find('episode', episodeSchema, toEpisode);
  }
}

const ISRC = /^[A-Z\d]{12}$/i;
const UPC = /^\d{8,14}$/;
/** Of a search for a code, which may also return what is only similar. */
const CODE_RESULTS = 3;

async function searchByCode<T>(
  [name, code]: ['isrc' | 'upc', string],
  schema: z.ZodType<T>,
  { client, request: { signal, query } }: Session,
): Promise<T[]> {
  const type = name === 'isrc' ? 'track' : 'album';
  const page = await client.app.list('/search', schema, {
    kind: 'search',
    within: `${type}s`,
    query: { ...query, q: `${name}:${code}`, type },
    ...{ offset: 0, limit: CODE_RESULTS, signal },
  });
  return present(page?.items ?? []);
}

async function findTrackByIsrc(isrc: string, session: Session): Promise<Track | null> {
  const rows = await searchByCode(['isrc', isrc.toUpperCase()], trackSchema, session);
  const found = rows.find((row) => sameCode(row.external_ids?.isrc ?? null, isrc));
  return found ? findTrack(found.id, session) : null;
}

/** A bar code is stored with as many zeros before it as whoever delivered the album has sent. */
async function findAlbumByUpc(upc: string, session: Session): Promise<Album | null> {
  const digits = compactCode(upc);
  const spellings = new Set([upc, ...[12, 13, 14].map((length) => digits.padStart(length, '0'))]);
  for (const spelling of spellings) {
    for (const { id } of await searchByCode(['upc', spelling], albumRowSchema, session)) {
      const album = await session.details.wholeAlbum(id, session.request.signal);
      if (album && sameCode(album.upc, upc)) return album;
    }
  }
  return null;
}

async function findArtist(id: string, { client, request }: Session): Promise<Artist | null> {
  const found = await client.app.find(`/artists/${id}`, artistSchema, request);
  return found && toArtist(found);
}

async function findShow(id: string, session: Session): Promise<Show | null> {
  const found = await session.client.app.find(`/shows/${id}`, showSchema, spoken(session));
  return found && toShow(found);
}

async function findEpisode(id: string, session: Session): Promise<Episode | null> {
  const found = await session.client.app.find(`/episodes/${id}`, episodeSchema, spoken(session));
  return found && toEpisode(found);
}

async function listShowEpisodes(
  id: string,
  page: PageRequest,
  session: Session,
): Promise<Page<Episode> | null> {
  const list = { kind: 'episodes' as const, ...page, ...spoken(session) };
  const found = await session.client.app.list(`/shows/${id}/episodes`, episodeSchema, list);
  return found && { ...found, items: present(found.items).map(toEpisode) };
}

async function findTrack(id: string, { details, request, market }: Session): Promise<Track | null> {
  const found = await details.track(id, request.signal);
  if (!found) return null;
  const album = found.album && (await details.wholeAlbum(found.album.id, request.signal));
  return toTrack(found, { album, market });
}

async function listAlbumTracks(
  id: string,
  page: PageRequest,
  { details, market, request: { signal } }: Session,
): Promise<Page<Track> | null> {
  const [album, found] = await Promise.all([
    details.wholeAlbum(id, signal),
    details.albumTracks(id, page, signal),
  ]);
  if (!found) return null;
  const tracks = await details.completeTracks(found.items, signal);
  return { items: tracks.map((track) => toTrack(track, { album, market })), total: found.total };
}

const GROUP_NAMES = {
  ALBUM: 'album',
  SINGLE: 'single',
  COMPILATION: 'compilation',
  APPEARS_ON: 'appears_on',
};

async function listArtistAlbums(
  id: string,
  { groups, offset, limit }: PageRequest & { groups: readonly Album['group'][] },
  { client, request }: Session,
): Promise<Page<Album> | null> {
  if (groups.length === 0) return null;
  const names = groups.map((group) => GROUP_NAMES[group]).join();
  const page = await client.app.list(`/artists/${id}/albums`, albumRowSchema, {
    kind: 'artist albums',
    ...{ offset, limit, signal: request.signal },
    query: { ...request.query, include_groups: names },
  });
  // Spotify has counted by its own kinds: of one kind, all are of that.
  const [only, ...others] = groups;
  const groupIn = (row: SpotifyAlbumRow) => (only && others.length === 0 ? only : groupOf(row, id));
  return (
    page && { ...page, items: present(page.items).map((row) => ({ ...toAlbum(row), group: groupIn(row) })) }
  );
}
