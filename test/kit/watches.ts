import { expect } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type {
  UpdateWatchInput,
  WatchInput,
  WatchSeenFragment,
} from '../../src/generated/documents/graphql.js';
import { FINISHED_STATES } from '../../src/tasks/task.js';
import type { TestApp } from './start-app.js';
import { ended, type SeenTask } from './story.js';
import { waitFor } from './wait-for.js';

graphql(`
  fragment WatchSeen on Watch {
    id
    kind
    itemId
    title
    paused
    downloadExisting
    downloadNew
    outcome
    foundCount
    notice
    failedChecks
    lastCheckedAt
    nextCheckAt
    error {
      code
      message
    }
    counts {
      total
      known
      queued
      failed
      missing
      excluded
    }
    checkTask {
      id
    }
  }
`);

const WATCH = graphql(`
  mutation Watch($input: WatchInput!) {
    watch(input: $input) {
      __typename
      ... on WatchSaved {
        added
        watch {
          ...WatchSeen
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const UPDATE_WATCH = graphql(`
  mutation UpdateWatch($input: UpdateWatchInput!) {
    updateWatch(input: $input) {
      __typename
      ... on WatchUpdated {
        watch {
          ...WatchSeen
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const UNWATCH = graphql(`
  mutation Unwatch($id: ID!) {
    unwatch(id: $id) {
      __typename
      ... on Unwatched {
        watch {
          ...WatchSeen
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const CHECK_WATCH = graphql(`
  mutation CheckWatch($id: ID!) {
    checkWatch(id: $id) {
      __typename
      ... on CheckQueued {
        task {
          id
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const CHECK_ALL = graphql(`
  mutation CheckAll {
    checkAllWatches {
      __typename
      ... on ChecksQueued {
        tasks {
          id
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const CHECK_PLAYLISTS = graphql(`
  mutation CheckPlaylists {
    checkAllWatches(kind: PLAYLIST) {
      __typename
      ... on ChecksQueued {
        tasks {
          id
        }
      }
    }
  }
`);

export const MARK_KNOWN = graphql(`
  mutation MarkKnown($id: ID!, $items: [String!]!) {
    result: markKnown(id: $id, items: $items) {
      __typename
      ... on MembersMarked {
        count
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

export const MARK_MISSING = graphql(`
  mutation MarkMissing($id: ID!, $items: [String!]!) {
    result: markMissing(id: $id, items: $items) {
      __typename
      ... on MembersMarked {
        count
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const SEEN = graphql(`
  query SeenWatch($id: ID!) {
    watch(id: $id) {
      ...WatchSeen
    }
  }
`);

const FILE_STATE = graphql(`
  query FileState($id: ID!) {
    watch(id: $id) {
      removeFiles
      playlistFile
      fileProblem
    }
  }
`);

const WATCH_SETTINGS = graphql(`
  mutation SetWatchSettings($input: WatchSettingsInput!) {
    updateWatchSettings(input: $input) {
      __typename
    }
  }
`);

export const WATCH_UPDATES = graphql(`
  subscription WatchUpdates($since: String) {
    watchUpdates(since: $since) {
      sequence
      initial
      removed
      watch {
        ...WatchSeen
      }
    }
  }
`);

type Server = Pick<TestApp, 'execute'>;

/** Watching on, without pauses; `own` overrides. */
export async function turnOnWatching(app: TestApp, own: object = {}): Promise<void> {
  const input = { enabled: true, delayBetweenPlaylistsSeconds: 0, delayBetweenArtistsSeconds: 0, ...own };
  const { updateWatchSettings } = await app.execute(WATCH_SETTINGS, { input });
  expect(updateWatchSettings.__typename).toBe('WatchSettingsUpdated');
  await app.deps.reloadSettings();
}

export async function watch(app: Server, input: WatchInput): Promise<WatchSeenFragment> {
  const { watch: result } = await app.execute(WATCH, { input });
  if (result.__typename !== 'WatchSaved') expect.fail(JSON.stringify(result));
  return result.watch;
}

export async function tryWatch(app: Server, input: WatchInput) {
  return (await app.execute(WATCH, { input })).watch;
}

export async function updateWatch(app: Server, input: UpdateWatchInput): Promise<WatchSeenFragment> {
  const { updateWatch: result } = await app.execute(UPDATE_WATCH, { input });
  if (result.__typename !== 'WatchUpdated') expect.fail(JSON.stringify(result));
  return result.watch;
}

export async function seen(app: Server, id: string): Promise<WatchSeenFragment> {
  const { watch: found } = await app.execute(SEEN, { id });
  if (!found) expect.fail(`there is no watch ${id}`);
  return found;
}

/** How the watch keeps its files. */
export async function fileStateOf(app: Server, id: string) {
  const { watch: found } = await app.execute(FILE_STATE, { id });
  if (!found) expect.fail(`there is no watch ${id}`);
  return found;
}

/** Queues a check; its task's id. */
export async function check(app: Server, id: string): Promise<string> {
  const { checkWatch } = await app.execute(CHECK_WATCH, { id });
  if (checkWatch.__typename !== 'CheckQueued') expect.fail(JSON.stringify(checkWatch));
  return checkWatch.task.id;
}

interface Checked {
  task: SeenTask;
  watch: WatchSeenFragment;
}

/** Until the check and its downloads have finished, and the watch has taken note of them. */
export async function checked(app: TestApp, id: string): Promise<Checked> {
  return finished(app, id, await check(app, id));
}

/** As `checked`, of the check that was queued when the watch was added. */
export async function firstChecked(app: TestApp, id: string): Promise<Checked> {
  const { checkTask } = await seen(app, id);
  return finished(app, id, checkTask?.id ?? expect.fail(`nothing was queued for ${id}`));
}

async function finished(app: TestApp, id: string, taskId: string): Promise<Checked> {
  const task = await ended(app, taskId, 60_000);
  const { watchMember } = app.deps.db;
  const isFinished = { state: { in: [...FINISHED_STATES] } };
  await waitFor(
    async () => (await watchMember.count({ where: { state: 'QUEUED', task: isFinished } })) === 0,
    {
      what: 'the members to be settled',
    },
  );
  return { task, watch: await seen(app, id) };
}
