import { graphql } from '../../generated/documents/gql.js';

/** What a download and a child of one both show. Lists of children are long: each field is resolved 10,000 times. */
graphql(`
  fragment RestChild on Task {
    id
    kind
    state
    historyStatus
    progress
    title
    artists: artistNames
    album: albumTitle
    total: childCount
    createdAt
    startedAt
    finishedAt
    madeDurationMs
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
        durationMs
        explicit
        trackNumber
        discNumber
        isrc
        genres
        album {
          genres
        }
      }
      ... on Album {
        id
        genres
      }
      ... on Playlist {
        id
      }
      ... on Artist {
        id
        genres
      }
    }
  }
`);

graphql(`
  fragment RestDownload on Task {
    ...RestChild
    succeeded: completedCount
    skipped: skippedCount
    failed: failedCount
    owner {
      username
    }
    item {
      __typename
      ... on Track {
        url
        album {
          group
          releaseDate
          images {
            ...RestImage
          }
        }
      }
      ... on Album {
        url
        group
        releaseDate
        images {
          ...RestImage
        }
      }
      ... on Playlist {
        url
        images {
          ...RestImage
        }
      }
      ... on Artist {
        url
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
            ...RestChild
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
