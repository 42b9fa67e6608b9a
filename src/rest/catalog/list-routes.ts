import { z } from 'zod';
import { graphql } from '../../generated/documents/gql.js';
import type { RestPlaylistQuery } from '../../generated/documents/graphql.js';
import { RestFailure } from '../errors.js';
import { flag, pageLimit, pageOffset, text } from '../input.js';
import { pageOf } from '../page-shape.js';
import { route, type AnyRoute } from '../route.js';
import { wireIdOf } from '../wire-id.js';
import { albumWith } from './album-schema.js';
import { artistWith } from './artist-schema.js';
import { toWireAlbum, toWireArtist, toWirePlaylist, toWireTrack } from './serialize.js';
import { toWirePage } from './serialize-page.js';
import { playlistEntryShape, playlistWith } from './playlist-schema.js';

const PLAYLIST = graphql(`
  query RestPlaylist($id: ID!, $limit: Int!, $offset: Int!, $withItems: Boolean!) {
    playlist(id: $id) {
      ...WirePlaylist
      items(first: $limit, offset: $offset) @include(if: $withItems) {
        totalCount
        edges {
          node {
            addedAt
            track {
              ...WireTrack
            }
          }
        }
      }
    }
  }
`);

const ARTIST_INFO = graphql(`
  query RestArtistInfo($id: ID!, $limit: Int!, $offset: Int!) {
    artist(id: $id) {
      ...WireArtist
      albums(groups: [ALBUM, SINGLE, COMPILATION, APPEARS_ON], first: $limit, offset: $offset) {
        totalCount
        edges {
          node {
            ...WireAlbum
          }
        }
      }
    }
  }
`);

const MAX_PAGE = 100;

type Playlist = NonNullable<RestPlaylistQuery['playlist']>;

function found<Item>(item: Item | null, name: string): Item {
  if (item === null) throw new RestFailure(404, `${name} not found`);
  return item;
}

/** A place in a playlist may have lost its track. */
function toWireEntries({ items }: Playlist): { items: object[]; total: number } {
  const entries = (items?.edges ?? []).map(({ node: { addedAt, track } }) => ({
    added_at: addedAt,
    track: track && toWireTrack(track),
  }));
  return { items: entries, total: items?.totalCount ?? 0 };
}

function toWholePlaylist(playlist: Playlist, base: string): object {
  const url = `${base}/playlist/tracks?id=${encodeURIComponent(wireIdOf(playlist.id))}`;
  const tracks = toWirePage(toWireEntries(playlist), { limit: MAX_PAGE, offset: 0, url });
  return { ...toWirePlaylist(playlist), tracks };
}

const playlistInfo = route({
  path: '/playlist/info',
  docs: {
    summary: 'Show a playlist, with its first tracks where they are asked for.',
    answer: playlistWith({ tracks: z.union([z.object({ total: z.int() }), pageOf(playlistEntryShape)]) }),
    example: { id: 'demo:first-watch', include_tracks: true },
    errors: [404, 502],
  },
  input: z.object({ id: text(), include_tracks: flag(false) }),
  document: PLAYLIST,
  variables: ({ id, include_tracks }) => ({ id, limit: MAX_PAGE, offset: 0, withItems: include_tracks }),
  respond: ({ playlist }, { input: { include_tracks }, base }) =>
    include_tracks
      ? toWholePlaylist(found(playlist, 'Playlist'), base)
      : toWirePlaylist(found(playlist, 'Playlist')),
});

const playlistMetadata = route({
  path: '/playlist/metadata',
  docs: {
    summary: 'Show a playlist with its first tracks.',
    answer: playlistWith({ tracks: pageOf(playlistEntryShape) }),
    example: { id: 'demo:first-watch' },
    errors: [404, 502],
  },
  input: z.object({ id: text() }),
  document: PLAYLIST,
  variables: ({ id }) => ({ id, limit: MAX_PAGE, offset: 0, withItems: true }),
  respond: ({ playlist }, { base }) => toWholePlaylist(found(playlist, 'Playlist'), base),
});

const playlistTracks = route({
  path: '/playlist/tracks',
  docs: {
    summary: 'List the tracks of a playlist.',
    answer: pageOf(playlistEntryShape),
    example: { id: 'demo:all-hands', limit: 5, offset: 10 },
    errors: [404, 502],
  },
  input: z.object({ id: text(), limit: pageLimit(50, MAX_PAGE), offset: pageOffset }),
  document: PLAYLIST,
  variables: (input) => ({ ...input, withItems: true }),
  respond: ({ playlist }, { input: { id, limit, offset }, base }) => {
    const url = `${base}/playlist/tracks?id=${encodeURIComponent(id)}`;
    return toWirePage(toWireEntries(found(playlist, 'Playlist')), { limit, offset, url });
  },
});

const artistInfo = route({
  path: '/artist/info',
  docs: {
    summary: 'Show an artist and a page of their albums.',
    answer: artistWith({
      albums: pageOf(albumWith({ album_group: z.enum(['album', 'single', 'compilation', 'appears_on']) })),
    }),
    example: { id: 'demo:saltglass-choir', limit: 3 },
    errors: [404, 502],
  },
  input: z.object({ id: text(), limit: pageLimit(10, 50), offset: pageOffset }),
  document: ARTIST_INFO,
  variables: (input) => input,
  respond: ({ artist: wanted }, { input: { limit, offset }, base }) => {
    const artist = found(wanted, 'Artist');
    const { edges, totalCount: total } = artist.albums;
    const items = edges.map(({ node }) => ({ ...toWireAlbum(node), album_group: node.group.toLowerCase() }));
    const url = `${base}/artist/info?id=${encodeURIComponent(wireIdOf(artist.id))}`;
    return { ...toWireArtist(artist), albums: toWirePage({ items, total }, { limit, offset, url }) };
  },
});

export const CATALOG_LIST_ROUTES: readonly AnyRoute[] = [
  playlistInfo,
  playlistMetadata,
  playlistTracks,
  artistInfo,
];
