import { expect } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { UpdateWatchInput, WatchMemberState } from '../../src/generated/documents/graphql.js';
import type { TestApp } from './start-app.js';

const OPTIONS = graphql(`
  query WatchOptions($id: ID!) {
    watch(id: $id) {
      active
      expired
      expiresAt
      albumGroups
      checkIntervalSeconds
      downloadPath
      download {
        format
        bitrateKbps
        customDirFormat
        customTrackFormat
        padNumberWidth
        saveCover
        setToNull
      }
      filter {
        titleIncludes
        titleExcludes
        minDurationSeconds
        maxDurationSeconds
        skipExplicit
      }
    }
  }
`);

const MEMBERS = graphql(`
  query WatchMembers($id: ID!, $state: WatchMemberState, $first: Int, $after: String) {
    watch(id: $id) {
      members(state: $state, first: $first, after: $after) {
        totalCount
        pageInfo {
          endCursor
          hasNextPage
        }
        nodes {
          itemId
          title
          positions
          state
          exclusion
          task {
            state
          }
        }
      }
    }
  }
`);

export const OPTION_UPDATES = graphql(`
  subscription WatchOptionUpdates {
    watchUpdates {
      initial
      watch {
        checkIntervalSeconds
        downloadPath
        download {
          format
        }
        filter {
          skipExplicit
        }
      }
    }
  }
`);

const CHANGE = graphql(`
  mutation ChangeWatchOptions($input: UpdateWatchInput!) {
    updateWatch(input: $input) {
      __typename
      ... on Error {
        code
        message
      }
    }
  }
`);

const CHILD_OPTIONS = graphql(`
  query ChildOptions($id: ID!) {
    task(id: $id) {
      children(first: 100) {
        nodes {
          id
          state
          title
          error {
            code
            message
          }
          file {
            path
            format
          }
          options {
            format
            bitrateKbps
            downloadPath
            padNumberWidth
            skipExplicit
          }
        }
      }
    }
  }
`);

type Server = Pick<TestApp, 'execute'>;

export async function optionsOf(app: Server, id: string) {
  const { watch } = await app.execute(OPTIONS, { id });
  return watch ?? expect.fail(`there is no watch ${id}`);
}

export async function membersOf(
  app: Server,
  id: string,
  page: { state?: WatchMemberState; first?: number; after?: string | null } = {},
) {
  const { watch } = await app.execute(MEMBERS, { first: 100, ...page, id });
  return watch?.members ?? expect.fail(`there is no watch ${id}`);
}

/** The answer, whatever it is. */
export async function tryUpdate(app: Server, input: UpdateWatchInput) {
  return (await app.execute(CHANGE, { input })).updateWatch;
}

/** The downloads of a check, with what they were queued with. */
export async function downloadsOf(app: Server, id: string) {
  const { task } = await app.execute(CHILD_OPTIONS, { id });
  return task?.children.nodes ?? expect.fail(`there is no task ${id}`);
}
