import { graphql } from '../../generated/documents/gql.js';

graphql(`
  fragment WireHistoryRow on Task {
    id
    kind
    state
    historyStatus
    title
    artists
    album
    total
    succeeded
    skipped
    failed
    createdAt
    startedAt
    finishedAt
    madeDurationMs
    owner {
      username
    }
    error {
      message
    }
    file {
      path
      format
      bitrateKbps
      sizeBytes
      durationMs
      source
      licence
    }
    item {
      __typename
      ... on Track {
        id
        url
        durationMs
        explicit
        trackNumber
        discNumber
        isrc
        genres
        album {
          group
          releaseDate
          genres
          images {
            ...WireImage
          }
        }
      }
      ... on Album {
        id
        url
        group
        releaseDate
        genres
        images {
          ...WireImage
        }
      }
      ... on Playlist {
        id
        url
        images {
          ...WireImage
        }
      }
      ... on Artist {
        id
        url
        genres
        images {
          ...WireImage
        }
      }
    }
  }
`);

/** What every list of downloads is read with; counting all of them costs something. */
export const HISTORY = graphql(`
  query RestHistory($filter: HistoryFilter!, $limit: Int!, $offset: Int!, $counted: Boolean!) {
    history(filter: $filter, first: $limit, offset: $offset) {
      totalCount @include(if: $counted)
      edges {
        node {
          ...WireHistoryRow
        }
      }
    }
  }
`);
