import { graphql } from '../../generated/documents/gql.js';

graphql(`
  fragment RestWatch on Watch {
    itemId
    title
    paused
    expiresAt
    albumGroups
    lastCheckedAt
    nextCheckAt
    createdAt
    watchingEnabled
    error {
      message
    }
    counts {
      total
    }
    item {
      __typename
      ... on Playlist {
        url
        ownerId
        ownerName
        entryCount
        revision
      }
      ... on Artist {
        url
        genres
        images {
          ...RestImage
        }
      }
    }
  }
`);

export const WATCH = graphql(`
  mutation RestWatch($input: WatchInput!) {
    watch(input: $input) {
      __typename
      ... on WatchSaved {
        added
        watch {
          ...RestWatch
        }
      }
      ... on UpstreamLimited {
        retryAfterSeconds
      }
      ...RestError
    }
  }
`);

export const UNWATCH = graphql(`
  mutation RestUnwatch($id: ID!, $kind: WatchKind!) {
    unwatch(id: $id, kind: $kind) {
      __typename
      ... on Unwatched {
        watch {
          title
          watchingEnabled
        }
      }
      ...RestError
    }
  }
`);

export const WATCH_STATUS = graphql(`
  query RestWatchStatus($id: ID!, $kind: WatchKind!) {
    watch(id: $id, kind: $kind) {
      ...RestWatch
    }
  }
`);

export const WATCHES = graphql(`
  query RestWatches($kind: WatchKind!, $after: String) {
    watches(kind: $kind, ownOnly: true, first: 100, after: $after) {
      nodes {
        ...RestWatch
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

graphql(`
  fragment RestMarked on MembersMarked {
    count
    watch {
      title
      watchingEnabled
    }
  }
`);

export const MARK_KNOWN = graphql(`
  mutation RestMarkKnown($id: ID!, $kind: WatchKind!, $items: [String!]!) {
    result: markKnown(id: $id, kind: $kind, items: $items) {
      __typename
      ...RestMarked
      ...RestError
    }
  }
`);

export const MARK_MISSING = graphql(`
  mutation RestMarkMissing($id: ID!, $kind: WatchKind!, $items: [String!]!) {
    result: markMissing(id: $id, kind: $kind, items: $items) {
      __typename
      ...RestMarked
      ...RestError
    }
  }
`);

export const CHECK_ALL = graphql(`
  mutation RestCheckAll($kind: WatchKind!) {
    checkAllWatches(kind: $kind) {
      __typename
      ... on ChecksQueued {
        tasks {
          id
        }
      }
      ...RestError
    }
  }
`);

export const CHECK_ONE = graphql(`
  mutation RestCheckOne($id: ID!, $kind: WatchKind!) {
    checkWatch(id: $id, kind: $kind) {
      __typename
      ... on CheckQueued {
        task {
          id
          title
        }
      }
      ...RestError
    }
  }
`);
