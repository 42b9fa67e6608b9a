import { z } from 'zod';
import { graphql } from '../../generated/documents/gql.js';
import { RestFailure } from '../errors.js';
import { pageLimit, pageOffset, text, word } from '../input.js';
import { pageOf } from '../page-shape.js';
import { route, type AnyRoute } from '../route.js';
import { wireIdOf } from '../wire-id.js';
import { albumShape, albumWith } from './album-schema.js';
import { artistShape } from './artist-schema.js';
import { toWireAlbum, toWireItem, toWireTrack } from './serialize.js';
import { toWirePage } from './serialize-page.js';
import { playlistShape } from './playlist-schema.js';
import { episodeShape, showShape } from './show-schema.js';
import { trackShape } from './track-schema.js';

graphql(`
  fragment WireImage on Image {
    url
    widthPx
    heightPx
  }
`);

graphql(`
  fragment WireArtistCredit on ArtistCredit {
    artistId
    name
  }
`);

graphql(`
  fragment WireAlbum on Album {
    __typename
    id
    title
    url
    group
    releaseDate
    trackTotal
    label
    copyright
    upc
    genres
    artists {
      ...WireArtistCredit
    }
    images {
      ...WireImage
    }
  }
`);

graphql(`
  fragment WireTrack on Track {
    __typename
    id
    title
    url
    durationMs
    explicit
    trackNumber
    discNumber
    isrc
    artists {
      ...WireArtistCredit
    }
    album {
      ...WireAlbum
    }
  }
`);

graphql(`
  fragment WireArtist on Artist {
    __typename
    id
    name
    url
    genres
    images {
      ...WireImage
    }
  }
`);

graphql(`
  fragment WirePlaylist on Playlist {
    __typename
    id
    title
    url
    description
    ownerName
    ownerId
    total
    revision
    images {
      ...WireImage
    }
  }
`);

graphql(`
  fragment WireShow on Show {
    __typename
    id
    title
    url
    publisher
    description
    explicit
    total
    languages
    images {
      ...WireImage
    }
  }
`);

graphql(`
  fragment WireEpisode on Episode {
    __typename
    id
    title
    url
    description
    durationMs
    explicit
    releaseDate
    images {
      ...WireImage
    }
    show {
      ...WireShow
    }
  }
`);

const SEARCH = graphql(`
  query RestSearch($query: String!, $type: CatalogType!, $limit: Int!, $offset: Int!) {
    search(query: $query, type: $type, first: $limit, offset: $offset) {
      totalCount
      edges {
        node {
          ...WireTrack
          ...WireAlbum
          ...WireArtist
          ...WirePlaylist
          ...WireShow
          ...WireEpisode
        }
      }
    }
  }
`);

const TRACK_INFO = graphql(`
  query RestTrackInfo($id: ID!) {
    track(id: $id) {
      ...WireTrack
    }
  }
`);

const ALBUM_INFO = graphql(`
  query RestAlbumInfo($id: ID!, $limit: Int!, $offset: Int!) {
    album(id: $id) {
      ...WireAlbum
      tracks(first: $limit, offset: $offset) {
        totalCount
        edges {
          node {
            ...WireTrack
          }
        }
      }
    }
  }
`);

const USUAL_LIMIT = 20;
const MAX_LIMIT = 50;
const TYPES = ['TRACK', 'ALBUM', 'ARTIST', 'PLAYLIST', 'EPISODE', 'SHOW'] as const;

const SHAPES = [trackShape, albumShape, artistShape, playlistShape, showShape, episodeShape] as const;

const search = route({
  path: '/search',
  docs: {
    summary: 'Search the catalogue in use.',
    answer: z.object({
      items: z.array(z.union(SHAPES)),
      total: z.int(),
    }),
    example: { q: 'night ferry', search_type: 'album' },
    errors: [502],
  },
  input: z.object({
    q: text(200),
    search_type: word(TYPES).optional(),
    type: word(TYPES).optional(),
    limit: pageLimit(USUAL_LIMIT, MAX_LIMIT),
    offset: pageOffset,
    /** Which account to ask with: there is none to choose from yet. */
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
    items: edges.map(({ node }) => toWireItem(node)),
    total: totalCount,
  }),
});

const trackInfo = route({
  path: '/track/info',
  docs: {
    summary: 'Show a track.',
    answer: trackShape,
    example: { id: 'demo:night-ferry-1-03' },
    errors: [404, 502],
  },
  input: z.object({ id: text() }),
  document: TRACK_INFO,
  variables: ({ id }) => ({ id }),
  respond: ({ track }) => {
    if (!track) throw new RestFailure(404, 'Track not found');
    return toWireTrack(track);
  },
});

const albumInfo = route({
  path: '/album/info',
  docs: {
    summary: 'Show an album and a page of its tracks.',
    answer: albumWith({ tracks: pageOf(trackShape) }),
    example: { id: 'demo:night-ferry', limit: 5, offset: 2 },
    errors: [404, 502],
  },
  input: z.object({ id: text(), limit: pageLimit(USUAL_LIMIT, MAX_LIMIT), offset: pageOffset }),
  document: ALBUM_INFO,
  variables: (input) => input,
  respond: ({ album }, { input: { limit, offset }, base }) => {
    if (!album) throw new RestFailure(404, 'Album not found');
    const { edges, totalCount: total } = album.tracks;
    const items = edges.map(({ node }) => toWireTrack(node));
    const url = `${base}/album/info?id=${encodeURIComponent(wireIdOf(album.id))}`;
    return { ...toWireAlbum(album), tracks: toWirePage({ items, total }, { limit, offset, url }) };
  },
});

export const CATALOG_ROUTES: readonly AnyRoute[] = [search, trackInfo, albumInfo];
