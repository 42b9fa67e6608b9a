import { graphql } from '../../generated/documents/gql.js';

graphql(`
  fragment RestQueueResult on QueueDownloadResult {
    __typename
    ... on DownloadQueued {
      task {
        id
      }
    }
    ...RestError
    ... on DuplicateDownload {
      existingTask {
        id
      }
    }
    ... on InvalidOptions {
      field
    }
    ... on UpstreamLimited {
      retryAfterSeconds
    }
  }
`);

export const QUEUE_DOWNLOAD = graphql(`
  mutation RestQueueDownload($input: QueueDownloadInput!) {
    queueDownload(input: $input) {
      ...RestQueueResult
    }
  }
`);

export const QUEUE_ARTIST = graphql(`
  mutation RestQueueArtist($input: QueueDownloadInput!) {
    queueDownload(input: $input) {
      ...RestQueueResult
      ... on DownloadQueued {
        task {
          queuedChildren {
            queued {
              id
              title
              artists: artistNames
              item {
                ... on Album {
                  id
                  url
                }
              }
            }
            duplicates {
              id
            }
          }
        }
      }
      ... on DuplicateDownload {
        existingTask {
          children(first: 500) {
            edges {
              node {
                id
                duplicateOf {
                  id
                }
              }
            }
          }
        }
      }
    }
  }
`);
