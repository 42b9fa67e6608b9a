import { graphql } from '../../generated/documents/gql.js';

graphql(`
  fragment RestImage on Image {
    url
    widthPx
    heightPx
  }
`);

graphql(`
  fragment RestArtistCredit on ArtistCredit {
    artistId
    name
  }
`);

graphql(`
  fragment RestAlbum on Album {
    __typename
    id
    asOf
    title
    url
    group
    releaseDate
    trackCount
    label
    copyright
    upc
    genres
    artists {
      ...RestArtistCredit
    }
    images {
      ...RestImage
    }
  }
`);

graphql(`
  fragment RestTrack on Track {
    __typename
    id
    asOf
    title
    url
    durationMs
    explicit
    trackNumber
    discNumber
    isrc
    artists {
      ...RestArtistCredit
    }
    album {
      ...RestAlbum
    }
  }
`);

graphql(`
  fragment RestArtist on Artist {
    __typename
    id
    asOf
    name
    url
    genres
    images {
      ...RestImage
    }
  }
`);

graphql(`
  fragment RestPlaylist on Playlist {
    __typename
    id
    asOf
    title
    url
    description
    ownerName
    ownerId
    entryCount
    revision
    images {
      ...RestImage
    }
  }
`);

graphql(`
  fragment RestShow on Show {
    __typename
    id
    asOf
    title
    url
    publisher
    description
    explicit
    episodeCount
    languages
    images {
      ...RestImage
    }
  }
`);

graphql(`
  fragment RestEpisode on Episode {
    __typename
    id
    asOf
    title
    url
    description
    durationMs
    explicit
    releaseDate
    images {
      ...RestImage
    }
    show {
      ...RestShow
    }
  }
`);

export const SEARCH = graphql(`
  query RestSearch($query: String!, $type: CatalogType!, $limit: Int!, $offset: Int!) {
    search(query: $query, type: $type, first: $limit, offset: $offset) {
      totalCount
      edges {
        node {
          ...RestTrack
          ...RestAlbum
          ...RestArtist
          ...RestPlaylist
          ...RestShow
          ...RestEpisode
        }
      }
    }
  }
`);

export const TRACK_INFO = graphql(`
  query RestTrackInfo($id: ID!) {
    track(id: $id) {
      ...RestTrack
    }
  }
`);

export const ALBUM_INFO = graphql(`
  query RestAlbumInfo($id: ID!, $limit: Int!, $offset: Int!) {
    album(id: $id) {
      ...RestAlbum
      tracks(first: $limit, offset: $offset) {
        totalCount
        edges {
          node {
            ...RestTrack
          }
        }
      }
    }
  }
`);

export const PLAYLIST_INFO = graphql(`
  query RestPlaylistInfo($id: ID!, $limit: Int!, $offset: Int!, $withItems: Boolean!) {
    playlist(id: $id) {
      ...RestPlaylist
      items(first: $limit, offset: $offset) @include(if: $withItems) {
        totalCount
        edges {
          node {
            addedAt
            track {
              ...RestTrack
              isLocallyKnown
            }
          }
        }
      }
    }
  }
`);

export const ARTIST_INFO = graphql(`
  query RestArtistInfo($id: ID!, $limit: Int!, $offset: Int!) {
    artist(id: $id) {
      ...RestArtist
      albums(groups: [ALBUM, SINGLE, COMPILATION, APPEARS_ON], first: $limit, offset: $offset) {
        totalCount
        edges {
          node {
            ...RestAlbum
            isLocallyKnown
          }
        }
      }
    }
  }
`);
