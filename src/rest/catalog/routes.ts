import { z } from 'zod';
import { RestFailure } from '../errors.js';
import { flag, itemId, pageLimit, pageOffset, text, word } from '../input.js';
import { route, type AnyRoute } from '../route.js';
import { ALBUM_INFO, ARTIST_INFO, PLAYLIST_INFO, SEARCH, TRACK_INFO } from './documents.js';
import {
  albumWithTracksSchema,
  artistWithAlbumsSchema,
  itemTypeSchema,
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
const itemType = word(TYPES, itemTypeSchema);
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
    description:
      'The items have the form of Spotify’s Web API, whichever catalog the settings name. `type` of each item tells them apart.',
    response: searchSchema,
    example: { q: 'night ferry', type: 'album' },
    errors: [502],
  },
  input: z.object({
    q: text(200).describe('What to search for: words of a title or name.'),
    type: itemType.optional().describe('What to search for; `track` if omitted.'),
    search_type: itemType
      .optional()
      .meta({ deprecated: true, description: 'The same as `type`, which it overrides.' }),
    limit: pageLimit(20, 50),
    offset: pageOffset,
    main: z.string().optional().meta({
      deprecated: true,
      description: 'Name of an account. Accepted from existing clients and ignored.',
    }),
  }),
  document: SEARCH,
  variables: ({ q, search_type, type, limit, offset }) => ({
    query: q,
    type: search_type ?? type ?? 'TRACK',
    limit,
    offset,
  }),
  respond: ({ search }) => {
    const { edges, totalCount } = orNotFound(search, 'Search');
    return { items: edges.map(({ node }) => serializeItem(node)), total: totalCount };
  },
});

const trackInfo = route({
  path: '/track/info',
  docs: {
    summary: 'Show a track.',
    description:
      'The form is that of Spotify’s Web API. Values that the catalog does not know are empty, 0 or null.',
    response: trackSchema,
    example: { id: 'demo:night-ferry-1-03' },
    errors: ERRORS,
  },
  input: z.object({ id: itemId('track') }),
  document: TRACK_INFO,
  variables: ({ id }) => ({ id }),
  respond: ({ track }) => serializeTrack(orNotFound(track, 'Track')),
});

const albumInfo = route({
  path: '/album/info',
  docs: {
    summary: 'Show an album and a page of its tracks.',
    description:
      'Pages of tracks have at most 50 entries; `tracks.next` is the address of the following page.',
    response: albumWithTracksSchema,
    example: { id: 'demo:night-ferry', limit: 5, offset: 2 },
    errors: ERRORS,
  },
  input: z.object({ id: itemId('album'), limit: pageLimit(20, 50), offset: pageOffset }),
  document: ALBUM_INFO,
  variables: (input) => input,
  respond: ({ album }, { input: { limit, offset }, base }) =>
    serializeAlbumWithTracks(orNotFound(album, 'Album'), { limit, offset, base }),
});

const playlistInfo = route({
  path: '/playlist/info',
  docs: {
    summary: 'Show a playlist, with its first 100 tracks if `include_tracks` is true.',
    description: 'For all tracks, follow `tracks.next`, which leads to `/playlist/tracks`.',
    response: playlistInfoSchema,
    example: { id: 'demo:first-watch', include_tracks: true },
    errors: ERRORS,
  },
  input: z.object({
    id: itemId('playlist'),
    include_tracks: flag(false).describe('Whether to add the first 100 tracks.'),
  }),
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
    description: 'The same as `/playlist/info` with `include_tracks=true`.',
    response: playlistWithTracksSchema,
    example: { id: 'demo:first-watch' },
    errors: ERRORS,
  },
  input: z.object({ id: itemId('playlist') }),
  document: PLAYLIST_INFO,
  variables: ({ id }) => ({ id, ...PLAYLIST_PAGE, withItems: true }),
  respond: ({ playlist }, { base }) =>
    serializePlaylistWithTracks(orNotFound(playlist, 'Playlist'), { ...PLAYLIST_PAGE, base }),
});

const playlistTracks = route({
  path: '/playlist/tracks',
  docs: {
    summary: 'List the tracks of a playlist.',
    description:
      'Pages have at most 100 entries. `track` of an entry is null when the catalog no longer has it.',
    response: playlistTracksSchema,
    example: { id: 'demo:all-hands', limit: 5, offset: 10 },
    errors: ERRORS,
  },
  input: z.object({ id: itemId('playlist'), limit: pageLimit(50, 100), offset: pageOffset }),
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
    description:
      'Pages of albums have at most 50 entries; `albums.next` is the address of the following page.',
    response: artistWithAlbumsSchema,
    example: { id: 'demo:saltglass-choir', limit: 3 },
    errors: ERRORS,
  },
  input: z.object({ id: itemId('artist'), limit: pageLimit(10, 50), offset: pageOffset }),
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
