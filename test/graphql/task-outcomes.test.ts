import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { TaskState } from '../../src/tasks/task.js';
import { followTasks, shownUntil, type Followed, type TaskUpdate } from '../kit/follow-tasks.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';
import { databaseUrlOf } from '../system/join-app.js';

graphql(`
  fragment Outcome on TaskOutcome {
    sequence
    task {
      id
      state
    }
  }
`);

const ACTIONS = {
  cancelTask: graphql(`
    mutation OutcomeOfCancel($id: ID!) {
      result: cancelTask(id: $id) {
        ...Outcome
      }
    }
  `),
  pauseTask: graphql(`
    mutation OutcomeOfPause($id: ID!) {
      result: pauseTask(id: $id) {
        ...Outcome
        ... on TaskPaused {
          pausedCount
        }
      }
    }
  `),
  resumeTask: graphql(`
    mutation OutcomeOfResume($id: ID!) {
      result: resumeTask(id: $id) {
        ...Outcome
      }
    }
  `),
  retryTask: graphql(`
    mutation OutcomeOfRetry($id: ID!) {
      result: retryTask(id: $id) {
        ...Outcome
      }
    }
  `),
  prioritizeTask: graphql(`
    mutation OutcomeOfPrioritize($id: ID!) {
      result: prioritizeTask(id: $id, priority: 7) {
        ...Outcome
      }
    }
  `),
  dismissTask: graphql(`
    mutation OutcomeOfDismiss($id: ID!) {
      result: dismissTask(id: $id) {
        ...Outcome
      }
    }
  `),
};

const QUEUE = graphql(`
  mutation OutcomeOfQueue($input: QueueDownloadInput!) {
    result: queueDownload(input: $input) {
      ...Outcome
    }
  }
`);

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

const CHILDREN = 30;

async function seedAlbum(state: TaskState, childState: TaskState): Promise<string[]> {
  const [id = ''] = await seedTasks(app, [
    { ownerId, kind: 'ALBUM', state, expandedAt: new Date(), total: CHILDREN },
  ]);
  const at = { ownerId, parentId: id, state: childState };
  const children = Array.from({ length: CHILDREN }, (_, position) => ({ ...at, position }));
  return [id, ...(await seedTasks(app, children))];
}

function follow(): Followed {
  const followed = followTasks(own, { since: '0' });
  onTestFinished(() => followed.stop());
  return followed;
}

describe('an update at or after the sequence of a payload', () => {
  it.each([
    ['cancelTask', 'RUNNING', 'QUEUED', 'CANCELLED'],
    ['pauseTask', 'RUNNING', 'RETRYING', 'PAUSED'],
    ['resumeTask', 'PAUSED', 'PAUSED', 'QUEUED'],
    ['retryTask', 'FAILED', 'FAILED', 'QUEUED'],
    ['prioritizeTask', 'RUNNING', 'QUEUED', 'QUEUED'],
    ['dismissTask', 'RUNNING', 'QUEUED', 'CANCELLED'],
  ] as const)('comes after all that %s changed', async (action, state, before, after) => {
    const ids = await seedAlbum(state, before);
    const followed = follow();
    await waitFor(() => followed.updates.length >= ids.length, { what: 'the snapshot' });

    const { result } = await own.execute(ACTIONS[action], { id: ids[0] ?? '' });
    if (!('sequence' in result)) throw new Error(`${action} was refused`);

    const shown = (await shownUntil(followed, result.sequence)).filter(({ initial }) => !initial);
    const states = new Map(shown.map(({ task }) => [task.id, task.state]));
    expect(states.get(result.task.id)).toBe(result.task.state);
    expect(ids.slice(1).map((id) => states.get(`Task:${id}`))).toEqual(Array(CHILDREN).fill(after));
    if ('pausedCount' in result) expect(result.pausedCount).toBe(CHILDREN);
  });

  it('is that of the queued task', async () => {
    const followed = follow();
    const { result } = await own.execute(QUEUE, { input: { item: 'demo:night-ferry' } });
    if (!('sequence' in result)) throw new Error('the download was refused');
    const shown = await shownUntil(followed, result.sequence);
    expect(shown.at(-1)?.task.id).toBe(result.task.id);
  });
});

it('arrives after the end of a transaction that held the sequences back, though no other change follows', async () => {
  const [id = ''] = await seedTasks(app, [{ ownerId }]);
  const followed = follow();
  await waitFor(() => followed.updates.length > 0, { what: 'the snapshot' });
  const holder = new pg.Client({ connectionString: databaseUrlOf(app) });
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query('BEGIN');
  await holder.query('SELECT pg_current_xact_id()');
  const { result } = await own.execute(ACTIONS.cancelTask, { id });
  if (!('sequence' in result)) throw new Error('the task was not canceled');
  const canceled = ({ task }: TaskUpdate) => task.state === 'CANCELLED';
  await waitFor(() => followed.updates.some(canceled), { what: 'the canceled task' });
  const isReached = ({ sequence }: TaskUpdate) => BigInt(sequence) >= BigInt(result.sequence);
  expect(followed.updates.some(isReached)).toBe(false);
  await holder.query('COMMIT');
  const shown = await shownUntil(followed, result.sequence);
  expect(shown.at(-1)).toMatchObject({ initial: false, task: { id: `Task:${id}`, state: 'CANCELLED' } });
});

it('counts what a running album has paused', async () => {
  const [id = '', ...children] = await seedAlbum('RUNNING', 'QUEUED');
  const lease = { leaseOwner: 'somebody', leaseUntil: new Date(Date.now() + 60_000) };
  const running = { id: { in: children.slice(0, 2) } };
  await app.deps.db.task.updateMany({ where: running, data: { state: 'RUNNING', ...lease } });
  const { result } = await own.execute(ACTIONS.pauseTask, { id });
  expect(result).toMatchObject({ pausedCount: CHILDREN - 2, task: { state: 'RUNNING' } });
});
