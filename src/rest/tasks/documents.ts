import { graphql } from '../../generated/documents/gql.js';

/** For every section: why a mutation did nothing. */
graphql(`
  fragment RestError on Error {
    code
    message
  }
`);

graphql(`
  fragment RestTaskChild on TaskChild {
    kind
    state
    number
    title
    artists
    album
    progress
    attempt
    retryAt
    problem
    updatedAt
  }
`);

graphql(`
  fragment RestTask on Task {
    id
    kind
    state
    title
    artists: artistNames
    album: albumTitle
    progress
    total: childCount
    succeeded: completedCount
    skipped: skippedCount
    failed: failedCount
    attempt
    retryAt
    createdAt
    startedAt
    finishedAt
    updatedAt
    dismissedAt
    error {
      message
    }
    item {
      ... on Node {
        id
      }
    }
    currentChild {
      ...RestTaskChild
    }
    outcomes {
      ...RestTaskChild
    }
  }
`);

graphql(`
  fragment RestTaskWithParent on Task {
    ...RestTask
    file {
      path
    }
    parent {
      kind
      title
      artists: artistNames
      total: childCount
    }
  }
`);

graphql(`
  fragment RestTaskCounts on TaskCounts {
    queued
    running
    retrying
    paused
    completed
    skipped
    failed
    cancelled
  }
`);

export const TASK_LIST = graphql(`
  query RestTaskList($limit: Int!, $offset: Int!, $activeUpTo: Int!, $states: [TaskState!]) {
    activeFirstTasks(states: $states, first: $limit, offset: $offset, activeUpTo: $activeUpTo) {
      totalCount
      pageInfo {
        hasNextPage
      }
      edges {
        node {
          ...RestTask
        }
      }
    }
    taskCounts {
      ...RestTaskCounts
    }
  }
`);

export const CHANGED_TASKS = graphql(`
  query RestChangedTasks($since: DateTime, $activeOnly: Boolean!, $limit: Int!, $offset: Int!) {
    changedTasks(since: $since, activeOnly: $activeOnly, first: $limit, offset: $offset) {
      at
      finishedCount
      hasMore
      tasks {
        ...RestTask
      }
    }
    taskCounts {
      ...RestTaskCounts
    }
  }
`);

export const TASK_BY_ID = graphql(`
  query RestTaskById($id: ID!) {
    task(id: $id) {
      ...RestTaskWithParent
    }
  }
`);

export const CANCEL_TASK = graphql(`
  mutation RestCancelTask($id: ID!) {
    result: cancelTask(id: $id) {
      __typename
      ... on TaskCancelled {
        task {
          id
        }
      }
      ...RestError
    }
  }
`);

export const CANCEL_ALL_TASKS = graphql(`
  mutation RestCancelAllTasks {
    result: cancelAllTasks {
      __typename
      ... on TasksCancelled {
        taskCount
      }
      ...RestError
    }
  }
`);

export const DISMISS_TASK = graphql(`
  mutation RestDismissTask($id: ID!) {
    result: dismissTask(id: $id) {
      __typename
      ... on TaskDismissed {
        task {
          id
        }
      }
      ...RestError
    }
  }
`);

export const RETRY_TASK = graphql(`
  mutation RestRetryTask($id: ID!) {
    result: retryTask(id: $id) {
      __typename
      ... on TaskRetried {
        task {
          ...RestTaskWithParent
        }
      }
      ...RestError
      ... on DuplicateDownload {
        existingTask {
          id
        }
      }
    }
  }
`);

export const PAUSE_TASK = graphql(`
  mutation RestPauseTask($id: ID!) {
    result: pauseTask(id: $id) {
      __typename
      ... on TaskPaused {
        task {
          ...RestTaskWithParent
        }
      }
      ...RestError
    }
  }
`);

export const RESUME_TASK = graphql(`
  mutation RestResumeTask($id: ID!) {
    result: resumeTask(id: $id) {
      __typename
      ... on TaskResumed {
        task {
          ...RestTaskWithParent
        }
      }
      ...RestError
    }
  }
`);

export const TASK_SEQUENCE = graphql(`
  query RestTaskSequence {
    taskSequence
  }
`);

export const STREAM_TASKS = graphql(`
  query RestStreamTasks($states: [TaskState!], $limit: Int!, $after: String) {
    tasks(filter: { states: $states }, first: $limit, after: $after) {
      edges {
        node {
          ...RestTask
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

export const STREAM_COUNTS = graphql(`
  query RestStreamCounts {
    taskCounts {
      ...RestTaskCounts
    }
  }
`);

export const TASK_CHANGES = graphql(`
  subscription RestTaskChanges($since: String) {
    taskUpdates(filter: { includeChildren: false }, since: $since) {
      sequence
      task {
        ...RestTask
      }
    }
  }
`);

/** The progress of a child does not change its parent's row, so parents are also sent when a child changes. */
export const CHILD_CHANGES = graphql(`
  subscription RestChildChanges($since: String) {
    taskUpdates(
      filter: { includeChildren: true, kinds: [TRACK, ALBUM], states: [RUNNING, RETRYING] }
      since: $since
    ) {
      task {
        parent {
          ...RestTask
          parent {
            ...RestTask
          }
        }
      }
    }
  }
`);
