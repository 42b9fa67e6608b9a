import { graphql } from '../../src/generated/documents/gql.js';

export const SEARCH = graphql(`
  query SearchAnything($query: String!, $type: CatalogType, $catalog: String, $first: Int, $after: String) {
    search(query: $query, type: $type, catalog: $catalog, first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
      edges {
        cursor
        node {
          __typename
          ... on Track {
            id
            title
          }
          ... on Album {
            id
            title
          }
          ... on Playlist {
            id
            title
          }
          ... on Artist {
            id
            name
          }
          ... on Show {
            id
            title
          }
          ... on Episode {
            id
            title
          }
        }
      }
    }
  }
`);

export const TRACK_BY_ID = graphql(`
  query TrackById($id: ID!) {
    track(id: $id) {
      id
      title
      artists {
        name
        artist {
          id
          name
        }
      }
      album {
        id
        title
        artists {
          name
        }
        discCount
        trackCount
      }
      durationMs
      explicit
      trackNumber
      discNumber
      isrc
      genres
      url
      catalog
    }
  }
`);

export const ALBUM_BY_ID = graphql(`
  query AlbumById($id: ID!) {
    album(id: $id) {
      id
      title
      artists {
        name
      }
      group
      releaseDate
      trackCount
      discCount
      upc
      label
      copyright
      genres
      images {
        url
        widthPx
        heightPx
      }
      url
      catalog
    }
  }
`);

export const PLAYLIST_BY_ID = graphql(`
  query PlaylistById($id: ID!) {
    playlist(id: $id) {
      id
      title
      description
      ownerName
      entryCount
      revision
      url
      catalog
    }
  }
`);

export const ARTIST_BY_ID = graphql(`
  query ArtistById($id: ID!) {
    artist(id: $id) {
      id
      name
      genres
      url
      catalog
    }
  }
`);

export const NODE = graphql(`
  query NodeById($id: ID!) {
    node(id: $id) {
      __typename
      id
    }
  }
`);

export const RESOLVE_ITEM = graphql(`
  query ResolveItem($item: String!) {
    resolveItem(item: $item) {
      __typename
      ... on Track {
        id
      }
      ... on Album {
        id
      }
      ... on Playlist {
        id
      }
      ... on Artist {
        id
      }
      ... on Show {
        id
      }
      ... on Episode {
        id
      }
    }
  }
`);

export const SHOW_BY_ID = graphql(`
  query ShowById($id: ID!, $first: Int, $after: String) {
    show(id: $id) {
      id
      title
      publisher
      description
      explicit
      episodeCount
      languages
      images {
        url
      }
      url
      catalog
      episodes(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            id
            title
          }
        }
      }
    }
  }
`);

export const EPISODE_BY_ID = graphql(`
  query EpisodeById($id: ID!) {
    episode(id: $id) {
      id
      title
      description
      show {
        id
        title
      }
      durationMs
      explicit
      releaseDate
      images {
        url
      }
      url
      catalog
    }
  }
`);

export const ALBUM_TRACKS = graphql(`
  query AlbumTracks($id: ID!, $first: Int, $after: String) {
    album(id: $id) {
      tracks(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          cursor
          node {
            title
            discNumber
            trackNumber
          }
        }
      }
    }
  }
`);

export const PLAYLIST_ITEMS = graphql(`
  query PlaylistItems($id: ID!, $first: Int, $after: String) {
    playlist(id: $id) {
      items(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          hasPreviousPage
          endCursor
        }
        edges {
          cursor
          node {
            addedAt
            track {
              id
            }
          }
        }
      }
    }
  }
`);

export const ARTIST_ALBUMS = graphql(`
  query ArtistAlbums($id: ID!, $groups: [AlbumGroup!], $first: Int, $after: String) {
    artist(id: $id) {
      albums(groups: $groups, first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            title
            group
            releaseDate
          }
        }
      }
    }
  }
`);
