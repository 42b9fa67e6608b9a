import { z } from 'zod';
import { RestFailure } from '../errors.js';
import { flag, pageLimit, pageOffset, text, word } from '../input.js';
import { route, type AnyRoute } from '../route.js';
import { ALBUM_INFO, ARTIST_INFO, PLAYLIST_INFO, SEARCH, TRACK_INFO } from './documents.js';
import {
  albumWithTracksSchema,
  artistWithAlbumsSchema,
  playlistInfoSchema,
  playlistTracksSchema,
  playlistWithTracksSchema,
  searchSchema,
  trackSchema,
} from './schemas.js';
import {
  serializeAlbumWithTracks,
  serializeArtistWithAlbums,
  serializeItem,
  serializePlaylist,
  serializePlaylistTracks,
  serializePlaylistWithTracks,
  serializeTrack,
} from './serialize.js';

const TYPES = ['TRACK', 'ALBUM', 'ARTIST', 'PLAYLIST', 'EPISODE', 'SHOW'] as const;
const PLAYLIST_PAGE = { limit: 100, offset: 0 };
const ERRORS = [404, 502];

function orNotFound<Item>(item: Item | null, name: string): Item {
  if (item === null) throw new RestFailure(404, `${name} not found`);
  return item;
}

const search = route({
  path: '/search',
  docs: {
    summary: 'Search the catalog for items of one type.',
    response: searchSchema,
    example: { q: 'night ferry', search_type: 'album' },
    errors: [502],
  },
  input: z.object({
    q: text(200),
    search_type: word(TYPES).optional(),
    type: word(TYPES).optional(),
    limit: pageLimit(20, 50),
    offset: pageOffset,
    /** The name of an account; accepted from existing clients and not used yet. */
    main: z.string().optional(),
  }),
  document: SEARCH,
  variables: ({ q, search_type, type, limit, offset }) => ({
    query: q,
    type: search_type ?? type ?? 'TRACK',
    limit,
    offset,
  }),
  respond: ({ search: { edges, totalCount } }) => ({
    items: edges.map(({ node }) => serializeItem(node)),
    total: totalCount,
  }),
});

const trackInfo = route({
  path: '/track/info',
  docs: {
    summary: 'Show a track.',
    response: trackSchema,
    example: { id: 'demo:night-ferry-1-03' },
    errors: ERRORS,
  },
  input: z.object({ id: text() }),
  document: TRACK_INFO,
  variables: ({ id }) => ({ id }),
  respond: ({ track }) => serializeTrack(orNotFound(track, 'Track')),
});

const albumInfo = route({
  path: '/album/info',
  docs: {
    summary: 'Show an album and a page of its tracks.',
    response: albumWithTracksSchema,
    example: { id: 'demo:night-ferry', limit: 5, offset: 2 },
    errors: ERRORS,
  },
  input: z.object({ id: text(), limit: pageLimit(20, 50), offset: pageOffset }),
  document: ALBUM_INFO,
  variables: (input) => input,
  respond: ({ album }, { input: { limit, offset }, base }) =>
    serializeAlbumWithTracks(orNotFound(album, 'Album'), { limit, offset, base }),
});

const playlistInfo = route({
  path: '/playlist/info',
  docs: {
    summary: 'Show a playlist, with its first 100 tracks if `include_tracks` is true.',
    response: playlistInfoSchema,
    example: { id: 'demo:first-watch', include_tracks: true },
    errors: ERRORS,
  },
  input: z.object({ id: text(), include_tracks: flag(false) }),
  document: PLAYLIST_INFO,
  variables: ({ id, include_tracks }) => ({ id, ...PLAYLIST_PAGE, withItems: include_tracks }),
  respond: ({ playlist: result }, { input: { include_tracks }, base }) => {
    const playlist = orNotFound(result, 'Playlist');
    if (!include_tracks) return serializePlaylist(playlist);
    return serializePlaylistWithTracks(playlist, { ...PLAYLIST_PAGE, base });
  },
});

const playlistMetadata = route({
  path: '/playlist/metadata',
  docs: {
    summary: 'Show a playlist with its first 100 tracks.',
    response: playlistWithTracksSchema,
    example: { id: 'demo:first-watch' },
    errors: ERRORS,
  },
  input: z.object({ id: text() }),
  document: PLAYLIST_INFO,
  variables: ({ id }) => ({ id, ...PLAYLIST_PAGE, withItems: true }),
  respond: ({ playlist }, { base }) =>
    serializePlaylistWithTracks(orNotFound(playlist, 'Playlist'), { ...PLAYLIST_PAGE, base }),
});

const playlistTracks = route({
  path: '/playlist/tracks',
  docs: {
    summary: 'List the tracks of a playlist.',
    response: playlistTracksSchema,
    example: { id: 'demo:all-hands', limit: 5, offset: 10 },
    errors: ERRORS,
  },
  input: z.object({ id: text(), limit: pageLimit(50, 100), offset: pageOffset }),
  document: PLAYLIST_INFO,
  variables: (input) => ({ ...input, withItems: true }),
  respond: ({ playlist }, { input: { id, limit, offset }, base }) => {
    const url = `${base}/playlist/tracks?id=${encodeURIComponent(id)}`;
    return serializePlaylistTracks(orNotFound(playlist, 'Playlist'), { limit, offset, url });
  },
});

const artistInfo = route({
  path: '/artist/info',
  docs: {
    summary: 'Show an artist and a page of their albums.',
    response: artistWithAlbumsSchema,
    example: { id: 'demo:saltglass-choir', limit: 3 },
    errors: ERRORS,
  },
  input: z.object({ id: text(), limit: pageLimit(10, 50), offset: pageOffset }),
  document: ARTIST_INFO,
  variables: (input) => input,
  respond: ({ artist }, { input: { limit, offset }, base }) =>
    serializeArtistWithAlbums(orNotFound(artist, 'Artist'), { limit, offset, base }),
});

export const CATALOG_ROUTES: readonly AnyRoute[] = [
  search,
  trackInfo,
  albumInfo,
  playlistInfo,
  playlistMetadata,
  playlistTracks,
  artistInfo,
];
