import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { TaskFilter } from '../../src/generated/documents/graphql.js';
import type { TaskState } from '../../src/tasks/task.js';
import { followTasks, shownUntil } from '../kit/follow-tasks.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';

const ACTIONS = {
  cancel: graphql(`
    mutation CancelAll($filter: TaskFilter) {
      result: cancelAllTasks(filter: $filter) {
        ... on Error {
          code
        }
        ... on InvalidInput {
          field
        }
        ... on TasksCancelled {
          taskCount
          sequence
        }
      }
    }
  `),
  pause: graphql(`
    mutation PauseAll($filter: TaskFilter) {
      result: pauseAllTasks(filter: $filter) {
        ... on Error {
          code
        }
        ... on TasksPaused {
          taskCount
          sequence
        }
      }
    }
  `),
  resume: graphql(`
    mutation ResumeAll($filter: TaskFilter) {
      result: resumeAllTasks(filter: $filter) {
        ... on Error {
          code
        }
        ... on TasksResumed {
          taskCount
          sequence
        }
      }
    }
  `),
  retry: graphql(`
    mutation RetryAll($filter: TaskFilter) {
      result: retryAllTasks(filter: $filter) {
        ... on Error {
          code
        }
        ... on TasksRetried {
          taskCount
          sequence
        }
      }
    }
  `),
  dismiss: graphql(`
    mutation DismissAll($filter: TaskFilter) {
      result: dismissAllTasks(filter: $filter) {
        ... on Error {
          code
        }
        ... on TasksDismissed {
          taskCount
          sequence
        }
      }
    }
  `),
};

type Action = keyof typeof ACTIONS;

/** Nothing runs here. */
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

let own: TestApp;
let ownerId: string;
beforeEach(async () => {
  ({ own, ownerId } = await serveOwnUser(app));
});

type Seeds = Parameters<typeof seedTasks>[1];
const seed = (seeds: Seeds) =>
  seedTasks(
    app,
    seeds.map((each) => ({ ownerId, ...each })),
  );

async function seedAlbum(state: TaskState, children: TaskState[], more: Seeds[number] = {}) {
  const failed = children.filter((each) => each === 'FAILED').length;
  const list = { state, expandedAt: new Date(), total: children.length, failed, ...more };
  const [id = ''] = await seed([{ kind: 'ALBUM', ...list }]);
  return [id, ...(await seed(children.map((each, position) => ({ parentId: id, position, state: each }))))];
}

async function run(action: Action, filter: TaskFilter | null = null) {
  const { result } = await own.execute(ACTIONS[action], { filter });
  if (!('taskCount' in result)) throw new Error(`refused: ${result.code}`);
  return result;
}

async function statesOf(ids: readonly string[]): Promise<string[]> {
  const rows = await app.deps.db.task.findMany({ where: { id: { in: [...ids] } } });
  const byId = new Map(rows.map(({ id, state, dismissedAt }) => [id, dismissedAt ? 'dismissed' : state]));
  return ids.map((id) => byId.get(id) ?? '');
}

describe('all tasks at once', () => {
  it.each([
    ['cancel', ['CANCELLED', 'CANCELLED', 'COMPLETED', 'CANCELLED', 'CANCELLED']],
    ['pause', ['PAUSED', 'RUNNING', 'COMPLETED', 'PAUSED', 'PAUSED']],
  ] as const)('are changed as %sTask would change each', async (action, expected) => {
    const lease = { leaseOwner: 'somebody', leaseUntil: new Date(Date.now() + 60_000) };
    const singles = await seed([{}, { state: 'RUNNING', ...lease }, { state: 'COMPLETED' }]);
    const album = await seedAlbum('RUNNING', ['QUEUED']);
    const [foreign = ''] = await seedTasks(app, [{}]);
    const { taskCount } = await run(action);
    expect(await statesOf([...singles, ...album])).toEqual(expected);
    expect(taskCount).toBe(
      expected.slice(0, 4).filter((state) => ['CANCELLED', 'PAUSED'].includes(state)).length,
    );
    expect(await statesOf([foreign])).toEqual(['QUEUED']);
  });

  it('are resumed, with children of an album that runs', async () => {
    const singles = await seed([{ state: 'PAUSED' }, { state: 'FAILED' }]);
    const album = await seedAlbum('RUNNING', ['QUEUED', 'PAUSED']);
    expect(await run('resume')).toMatchObject({ taskCount: 2 });
    expect(await statesOf([...singles, ...album])).toEqual([
      'QUEUED',
      'FAILED',
      'RUNNING',
      'QUEUED',
      'QUEUED',
    ]);
  });

  it('are retried, and an album with failed tracks is active again', async () => {
    const singles = await seed([{ state: 'FAILED' }, { state: 'CANCELLED' }, { state: 'SKIPPED' }, {}]);
    const album = await seedAlbum('COMPLETED', ['COMPLETED', 'FAILED'], { succeeded: 1 });
    const [artist = ''] = await seed([
      { kind: 'ARTIST', state: 'COMPLETED', expandedAt: new Date(), total: 1, succeeded: 1 },
    ]);
    const below = await seedAlbum('COMPLETED', ['COMPLETED', 'FAILED'], {
      succeeded: 1,
      parentId: artist,
      position: 0,
    });
    expect(await run('retry')).toMatchObject({ taskCount: 4 });
    expect(await statesOf(singles)).toEqual(['QUEUED', 'QUEUED', 'SKIPPED', 'QUEUED']);
    expect(await statesOf(album)).toEqual(['RUNNING', 'COMPLETED', 'QUEUED']);
    expect(await statesOf([artist, ...below])).toEqual(['RUNNING', 'RUNNING', 'COMPLETED', 'QUEUED']);
    expect(await app.deps.db.task.findUnique({ where: { id: album[0] ?? '' } })).toMatchObject({ failed: 0 });
  });

  it('are dismissed when they have finished, and active ones stay', async () => {
    const singles = await seed([{ state: 'FAILED' }, { state: 'COMPLETED' }, {}, { state: 'PAUSED' }]);
    expect(await run('dismiss')).toMatchObject({ taskCount: 2 });
    expect(await statesOf(singles)).toEqual(['dismissed', 'dismissed', 'QUEUED', 'PAUSED']);
  });

  it('are only those that match the filter', async () => {
    const failed = await seed([{ state: 'FAILED' }, { state: 'CANCELLED' }]);
    await run('retry', { states: ['FAILED'] });
    expect(await statesOf(failed)).toEqual(['QUEUED', 'CANCELLED']);

    const album = await seedAlbum('RUNNING', ['QUEUED', 'QUEUED']);
    await run('pause', { kinds: ['ALBUM'] });
    expect(await statesOf([...failed, ...album])).toEqual([
      'QUEUED',
      'CANCELLED',
      'PAUSED',
      'PAUSED',
      'PAUSED',
    ]);

    await run('cancel', { parent: album[0] ?? '' });
    expect(await statesOf([...failed, ...album])).toEqual([
      ...['QUEUED', 'CANCELLED', 'CANCELLED', 'CANCELLED', 'CANCELLED'],
    ]);
  });

  it('are those of all users for an admin', async () => {
    const ids = await seed([{}, {}]);
    const pausedByAdmin = await app.execute(ACTIONS.pause, { filter: { states: ['QUEUED'] } });
    expect(pausedByAdmin.result).toHaveProperty('taskCount');
    expect(await statesOf(ids)).toEqual(['PAUSED', 'PAUSED']);
  });

  it.each(['ids', 'root', 'parent', 'owner'])('reject a malformed id in "%s", and name it', async (field) => {
    const [task = ''] = await seed([{}]);
    for (const id of ['nothing', '']) {
      const filter: TaskFilter = { [field]: field === 'ids' ? [id] : id };
      const { result } = await own.execute(ACTIONS.cancel, { filter });
      expect(result).toEqual({ code: 'INVALID_INPUT', field });
    }
    expect(await statesOf([task])).toEqual(['QUEUED']);
  });

  it('are left as they are when none can be changed, without a sequence', async () => {
    await seed([{ state: 'COMPLETED' }]);
    for (const action of ['cancel', 'pause', 'resume', 'retry'] as const) {
      expect(await run(action)).toMatchObject({ taskCount: 0, sequence: null });
    }
  });
});

describe('retrying all', () => {
  it('leaves out what another task downloads, and retries the newest of several for one item', async () => {
    const ids = await seed([
      { state: 'FAILED', dedupeKey: `${ownerId} twice` },
      { state: 'CANCELLED', dedupeKey: `${ownerId} twice` },
      { state: 'FAILED', dedupeKey: `${ownerId} active` },
      { state: 'RUNNING', dedupeKey: `${ownerId} active` },
      { state: 'FAILED' },
    ]);
    expect(await run('retry')).toMatchObject({ taskCount: 2 });
    expect(await statesOf(ids)).toEqual(['FAILED', 'QUEUED', 'FAILED', 'RUNNING', 'QUEUED']);
    expect(await run('retry')).toMatchObject({ taskCount: 0 });
  });

  it('takes no artist of which an album is queued elsewhere', async () => {
    const [artist = ''] = await seed([{ kind: 'ARTIST', state: 'FAILED', expandedAt: new Date(), total: 1 }]);
    const key = { dedupeKey: `${ownerId} album` };
    const album = await seedAlbum('FAILED', ['FAILED'], { parentId: artist, position: 0, ...key });
    await seed([{ kind: 'ALBUM', ...key }]);
    expect(await run('retry')).toMatchObject({ taskCount: 0 });
    expect(await statesOf([artist, ...album])).toEqual(['FAILED', 'FAILED', 'FAILED']);
  });
});

const SINGLES = 1_000;
const ALBUMS = 60;

/** What the action can change: 1,000 tracks, and 60 albums with 20 each. */
async function seedMany(state: TaskState): Promise<string[]> {
  const done = ['FAILED', 'CANCELLED'].includes(state);
  const list = {
    state: done || state === 'PAUSED' ? state : 'RUNNING',
    expandedAt: new Date(),
    total: 20,
  } as const;
  const albums = await seed(Array.from({ length: ALBUMS }, () => ({ kind: 'ALBUM' as const, ...list })));
  const children = albums.flatMap((parentId) =>
    Array.from({ length: 20 }, (_, position) => ({ parentId, position, state })),
  );
  return [
    ...albums,
    ...(await seed(Array.from({ length: SINGLES }, () => ({ state })))),
    ...(await seed(children)),
  ];
}

/** All that this process sends to the database. A client may keep the `query` that it was made with. */
function countStatements(): () => number {
  const { prototype } = pg.Connection;
  const sent = [vi.spyOn(prototype, 'sync'), vi.spyOn(prototype, 'query')];
  onTestFinished(() => sent.forEach((spy) => spy.mockRestore()));
  return () => sent.reduce((sum, { mock }) => sum + mock.calls.length, 0);
}

describe.each([
  ['cancel', 'QUEUED', 'CANCELLED'],
  ['pause', 'QUEUED', 'PAUSED'],
  ['resume', 'PAUSED', 'QUEUED'],
  ['retry', 'FAILED', 'QUEUED'],
  ['dismiss', 'FAILED', 'dismissed'],
] as const)('%s for more than a thousand tasks', (action, before, after) => {
  it('takes a few statements, and the stream has shown all of it at its sequence', async () => {
    const ids = await seedMany(before);
    const changed = action === 'dismiss' ? ids.slice(0, ALBUMS + SINGLES) : ids;
    const followed = followTasks(own, { since: '0' });
    onTestFinished(() => followed.stop());
    await waitFor(() => followed.updates.length >= ids.length, { what: 'the snapshot', timeoutMs: 60_000 });

    const statements = countStatements();
    const { taskCount, sequence } = await run(action);
    // Two batches of single tasks and three of albums, each a transaction; the reader polls meanwhile.
    const count = statements();
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(150);
    expect(taskCount).toBe(ALBUMS + SINGLES);

    const shown = await shownUntil(followed, sequence ?? '');
    const latest = new Map(shown.filter(({ initial }) => !initial).map(({ task }) => [task.id, task]));
    const states = changed.slice(ALBUMS).map((id) => {
      const task = latest.get(`Task:${id}`);
      return task?.dismissedAt ? 'dismissed' : task?.state;
    });
    expect(new Set(states)).toEqual(new Set([after]));
  });
});
