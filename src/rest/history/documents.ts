import { graphql } from '../../generated/documents/gql.js';

graphql(`
  fragment RestDownload on Task {
    id
    kind
    state
    historyStatus
    progress
    title
    artists: artistNames
    album: albumTitle
    total: childCount
    succeeded: completedCount
    skipped: skippedCount
    failed: failedCount
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
      codec
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
            ...RestImage
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
          ...RestImage
        }
      }
      ... on Playlist {
        id
        url
        images {
          ...RestImage
        }
      }
      ... on Artist {
        id
        url
        genres
        images {
          ...RestImage
        }
      }
    }
  }
`);

/** The total is optional: counting the matches of a search takes time. */
export const HISTORY = graphql(`
  query RestHistory($filter: HistoryFilter!, $limit: Int!, $offset: Int!, $counted: Boolean!) {
    history(filter: $filter, first: $limit, offset: $offset) {
      totalCount @include(if: $counted)
      edges {
        node {
          ...RestDownload
        }
      }
    }
  }
`);

export const DOWNLOAD_BY_ID = graphql(`
  query RestDownloadById($id: ID!) {
    task(id: $id) {
      ...RestDownload
    }
  }
`);

export const CHILDREN = graphql(`
  query RestHistoryChildren($id: ID!, $after: String) {
    task(id: $id) {
      id
      kind
      title
      historyStatus
      children(first: 500, after: $after) {
        edges {
          node {
            ...RestDownload
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

export const HISTORY_STATS = graphql(`
  query RestHistoryStats {
    historyStats {
      byKindAndStatus {
        kind
        status
        count
      }
      made {
        trackCount
        sizeBytes
      }
      queuedLastWeek
    }
  }
`);

export const CLEAN_UP_HISTORY = graphql(`
  mutation RestCleanUpHistory($days: Int!) {
    cleanUpHistory(olderThanDays: $days) {
      __typename
      ... on HistoryCleaned {
        deletedCount
        complete
      }
      ...RestError
    }
  }
`);
