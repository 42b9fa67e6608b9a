import { graphql } from '../../generated/documents/gql.js';

graphql(`
  fragment WirePart on TaskPart {
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
  fragment WireTask on Task {
    id
    kind
    state
    title
    artists
    album
    progress
    total
    succeeded
    skipped
    failed
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
    current {
      ...WirePart
    }
    outcomes {
      ...WirePart
    }
  }
`);

graphql(`
  fragment WireCounts on TaskCounts {
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

/** One that is shown by itself, with the list that it is part of. */
graphql(`
  fragment WireTaskAlone on Task {
    ...WireTask
    parent {
      kind
      title
      artists
      total
    }
  }
`);
