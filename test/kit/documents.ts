import { graphql } from '../../src/generated/documents/gql.js';

/** The documents that most tests share. */
export const QUEUE_DOWNLOAD = graphql(`
  mutation QueueDownload($input: QueueDownloadInput!) {
    queueDownload(input: $input) {
      __typename
      ... on DownloadQueued {
        task {
          id
          state
          title
        }
      }
      ... on DuplicateDownload {
        message
        code
        existingTask {
          id
        }
      }
      ... on Error {
        message
        code
      }
    }
  }
`);

export const TASK = graphql(`
  query Task($id: ID!) {
    task(id: $id) {
      id
      kind
      state
      title
      progress
      attempt
      childCount
      completedCount
      skippedCount
      failedCount
      cancelledCount
      partial
      priority
      dismissedAt
      error {
        code
        message
        retryable
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
        sourceNote
      }
    }
  }
`);

export const CHILDREN = graphql(`
  query Children($id: ID!) {
    task(id: $id) {
      children(first: 100) {
        totalCount
        edges {
          node {
            id
            state
            title
            attempt
            error {
              code
              message
            }
            file {
              path
            }
          }
        }
      }
    }
  }
`);

export const CANCEL_TASK = graphql(`
  mutation CancelTask($id: ID!) {
    cancelTask(id: $id) {
      __typename
      ... on TaskCancelled {
        task {
          id
          state
        }
      }
      ... on Error {
        message
        code
      }
    }
  }
`);

export const RETRY_TASK = graphql(`
  mutation RetryTask($id: ID!) {
    retryTask(id: $id) {
      __typename
      ... on TaskRetried {
        task {
          id
          state
        }
      }
      ... on Error {
        message
        code
      }
    }
  }
`);

export const PAUSE_TASK = graphql(`
  mutation PauseTask($id: ID!) {
    pauseTask(id: $id) {
      __typename
      ... on TaskPaused {
        task {
          id
          state
          priority
          dismissedAt
        }
      }
      ... on Error {
        message
        code
      }
    }
  }
`);

export const RESUME_TASK = graphql(`
  mutation ResumeTask($id: ID!) {
    resumeTask(id: $id) {
      __typename
      ... on TaskResumed {
        task {
          id
          state
          priority
          dismissedAt
        }
      }
      ... on Error {
        message
        code
      }
    }
  }
`);

export const PRIORITIZE_TASK = graphql(`
  mutation PrioritizeTask($id: ID!, $priority: Int!) {
    prioritizeTask(id: $id, priority: $priority) {
      __typename
      ... on TaskPrioritized {
        task {
          id
          state
          priority
          dismissedAt
        }
      }
      ... on Error {
        message
        code
      }
    }
  }
`);

export const DISMISS_TASK = graphql(`
  mutation DismissTask($id: ID!) {
    dismissTask(id: $id) {
      __typename
      ... on TaskDismissed {
        task {
          id
          state
          priority
          dismissedAt
        }
      }
      ... on Error {
        message
        code
      }
    }
  }
`);

export const CANCEL_ALL_TASKS = graphql(`
  mutation CancelAllTasks {
    cancelAllTasks {
      ... on TasksCancelled {
        taskCount
      }
    }
  }
`);

export const TASK_UPDATES = graphql(`
  subscription TaskUpdates($filter: TaskFilter, $since: String, $untilFinished: Boolean) {
    taskUpdates(filter: $filter, since: $since, untilFinished: $untilFinished) {
      sequence
      initial
      coalesced
      task {
        id
        title
        state
        progress
        priority
        dismissedAt
        error {
          code
          message
        }
      }
    }
  }
`);
