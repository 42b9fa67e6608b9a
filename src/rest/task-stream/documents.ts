import { graphql } from '../../generated/documents/gql.js';

export const STREAM_VIEWER = graphql(`
  query RestStreamViewer {
    viewer {
      id
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
