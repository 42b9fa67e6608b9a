import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import type {
  TaskUpdatesSubscription,
  WatchSeenFragment,
  WatchUpdatesSubscription,
} from '../../src/generated/documents/graphql.js';
import { queueDueChecksJob } from '../../src/watches/queue-checks.job.js';
import { never } from '../kit/audio.js';
import { createChangingCatalog, listTides, readTides } from '../kit/changing-list.js';
import { createTestDatabase } from '../kit/database.js';
import { listFiles } from '../kit/disk-tree.js';
import { CHILDREN, TASK_UPDATES } from '../kit/documents.js';
import { followGraphqlStream, followStream } from '../kit/follow-stream.js';
import { followTasks, followUpdates } from '../kit/follow-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import type { SeenTask } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';
import {
  checked,
  firstChecked,
  seen,
  turnOnWatching,
  UNWATCH,
  watch,
  WATCH_UPDATES,
} from '../kit/watches.js';

const LIST = 'stub:list';
/** Short tracks of the demo, whose audio can be made. */
const IDS = listTides(5);
const [A = '', B = '', C = '', D = '', E = ''] = IDS;
const LONG_MS = 90_000;

const source = createSteeredSource();
afterAll(() => source.releaseAll());

/** Without the m3u8 of the playlist. */
async function listTracks(directory: string): Promise<string[]> {
  return (await listFiles(directory)).filter((path) => !path.endsWith('.m3u8'));
}

interface SeenUpdate {
  sequence: string;
  removed: boolean;
  watch: WatchSeenFragment;
}

const REST_STATUS: Partial<Record<SeenTask['state'], string>> = {
  COMPLETED: 'done',
  SKIPPED: 'skipped',
  FAILED: 'error',
};

/** One playlist, and all who follow it: both subscriptions over WebSocket and over SSE, and the REST stream. */
async function follow(app: TestApp, since: { watches: string; tasks: string } | null) {
  const watchesSince = { since: since?.watches ?? null };
  const tasksSince = { since: since?.tasks ?? null };
  const socket = followUpdates(app, {
    document: WATCH_UPDATES,
    variables: watchesSince,
    updateOf: ({ watchUpdates }: WatchUpdatesSubscription) => watchUpdates as SeenUpdate,
  });
  const taskSocket = followTasks(app, tasksSince);
  const stream = await followGraphqlStream<WatchUpdatesSubscription>(app, {
    document: WATCH_UPDATES,
    variables: watchesSince,
  });
  const taskStream = await followGraphqlStream<TaskUpdatesSubscription>(app, {
    document: TASK_UPDATES,
    variables: tasksSince,
  });
  const rest = await followStream(app);
  const readers = [socket, taskSocket, stream, taskStream, rest];
  onTestFinished(() => readers.forEach((reader) => reader.stop()));

  const watchesBy = {
    WebSocket: () => socket.updates,
    SSE: () => stream.messages.flatMap(({ data }) => (data ? [data.watchUpdates as SeenUpdate] : [])),
  };
  const tasksBy = {
    WebSocket: () => taskSocket.updates,
    SSE: () => taskStream.messages.flatMap(({ data }) => (data ? [data.taskUpdates] : [])),
  };
  const shown = (id: string, { state }: SeenTask) => ({
    WebSocket: tasksBy.WebSocket().some(({ task }) => task.id === id && task.state === state),
    SSE: tasksBy.SSE().some(({ task }) => task.id === id && task.state === state),
    REST: rest.messages.some(({ tasks }) =>
      tasks.some(({ task_id, status }) => `Task:${task_id}` === id && status === REST_STATUS[state]),
    ),
  });
  const latest = (sequences: string[]) =>
    sequences
      .map(BigInt)
      .reduce((a, b) => (a > b ? a : b), 0n)
      .toString();

  return {
    /** Until all of them were shown what a check did. */
    async have(step: { task: SeenTask; watch: WatchSeenFragment }): Promise<void> {
      const isIt = ({ watch: { lastCheckedAt, outcome, counts } }: SeenUpdate) =>
        lastCheckedAt === step.watch.lastCheckedAt &&
        outcome === step.watch.outcome &&
        counts.total === step.watch.counts.total;
      for (const [name, updates] of Object.entries(watchesBy)) {
        await waitFor(() => updates().some(isIt), { what: `the update of the watch over ${name}` });
      }
      await waitFor(() => Object.values(shown(step.task.id, step.task)).every(Boolean), {
        what: `the update of ${step.task.id} for each reader`,
      }).catch((thrown: unknown) => {
        throw new Error(JSON.stringify(shown(step.task.id, step.task)), { cause: thrown });
      });
    },
    /** Until both subscriptions reported that the watch is gone. */
    async haveRemoved(id: string): Promise<void> {
      for (const [name, updates] of Object.entries(watchesBy)) {
        const found = await waitFor(() => updates().find(({ removed }) => removed), {
          what: `the removal of the watch over ${name}`,
        });
        expect(found.watch).toMatchObject({ id, itemId: LIST, counts: { total: 0 } });
      }
    },
    /** Outcomes in the order in which they were shown, each once in a row. */
    outcomes: () =>
      Object.values(watchesBy).map((updates) => {
        const all = updates().map(({ watch: { outcome } }) => outcome);
        return all.filter((outcome, at) => outcome !== all[at - 1]);
      }),
    /** Where to resume after a restart. */
    reached: () => ({
      watches: latest(watchesBy.SSE().map(({ sequence }) => sequence)),
      tasks: latest(tasksBy.SSE().map(({ sequence }) => sequence)),
    }),
    ended: () => [socket.ended, taskSocket.ended],
    stop: () => readers.forEach((reader) => reader.stop()),
  };
}

it('a playlist is followed from the first check to the end, over a restart, and every reader sees it', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const downloadDir = await mkdtemp(join(tmpdir(), 'reprise-story-'));
  onTestFinished(() => rm(downloadDir, { recursive: true, force: true }));
  const tracks = await readTides(IDS);
  const catalog = createChangingCatalog(tracks);
  const start = async () => {
    const app = await startApp({
      database,
      env: { downloadDir },
      overrides: {
        catalogs: [catalog.source],
        sources: [source],
        settings: { maxRetries: 0 },
        timing: { stopGraceMs: 100 },
      },
    });
    onTestFinished(() => app.stop());
    return app;
  };
  let app = await start();
  await turnOnWatching(app, { retryFailedAfterSeconds: 600 });
  let readers = await follow(app, null);
  const childrenOf = async ({ id }: { id: string }) => {
    const { task } = await app.execute(CHILDREN, { id });
    return task?.children.edges.map(({ node }) => node.title);
  };
  const titles = (...ids: string[]) => ids.map((id) => tracks.get(id)?.title);
  const check = async (id: string) => {
    const step = await checked(app, id);
    await readers.have(step);
    return step;
  };

  // Added, and checked for the first time: what was there is not downloaded.
  catalog.set([A, B]);
  const { id } = await watch(app, { item: LIST });
  const first = await firstChecked(app, id);
  await readers.have(first);
  expect(first.watch).toMatchObject({ outcome: 'CHECKED', counts: { total: 2, missing: 2 } });
  expect(await childrenOf(first.task)).toEqual([]);

  // A new track.
  catalog.set([A, B, C]);
  const found = await check(id);
  expect(found.watch).toMatchObject({ outcome: 'FOUND', foundCount: 1, counts: { total: 3, known: 1 } });
  expect(await childrenOf(found.task)).toEqual(titles(C));
  expect(await listTracks(downloadDir)).toHaveLength(1);

  // A removed track; what was downloaded stays.
  catalog.set([A, C]);
  const removed = await check(id);
  expect(removed.watch).toMatchObject({ outcome: 'CHECKED', counts: { total: 2, known: 1, missing: 1 } });

  // A track that fails, and succeeds once its time has come.
  source.fail(D);
  catalog.set([A, C, D]);
  const failed = await check(id);
  expect(failed.watch).toMatchObject({ outcome: 'FOUND', counts: { total: 3, known: 1, failed: 1 } });
  const tooEarly = await check(id);
  expect(tooEarly.watch).toMatchObject({ outcome: 'UNCHANGED', counts: { failed: 1 } });
  source.heal(D);
  await app.deps.db.$executeRaw`UPDATE "WatchMember" SET "stateAt" = "stateAt" - interval '11 minutes'`;
  const retried = await check(id);
  expect(retried.watch).toMatchObject({ outcome: 'FOUND', counts: { known: 2, failed: 0 } });
  expect(await childrenOf(retried.task)).toEqual(titles(D));

  // Unchanged: not read.
  const { pages } = catalog;
  const skipped = await check(id);
  expect(skipped.task).toMatchObject({ state: 'SKIPPED', error: { code: 'WATCH_UNCHANGED' } });
  expect(catalog.pages).toBe(pages);

  const expected = ['CHECKED', 'FOUND', 'CHECKED', 'FOUND', 'UNCHANGED', 'FOUND', 'UNCHANGED'];
  for (const outcomes of readers.outcomes()) {
    expect(outcomes.filter((outcome) => outcome !== null)).toEqual(expected);
  }
  expect(readers.ended()).toEqual([null, null]);

  // A restart; the list has changed and a check was due meanwhile.
  const since = readers.reached();
  readers.stop();
  await app.stop();
  catalog.set([E, A, C, D]);
  app = await start();
  readers = await follow(app, since);
  await app.deps.db.$executeRaw`UPDATE "Watch" SET "nextCheckAt" = now() - interval '3 days'`;
  await app.deps.jobs.enqueue(queueDueChecksJob, {});
  const missed = await waitFor(
    async () => {
      const now = await seen(app, id);
      return now.outcome === 'FOUND' && now.counts.known === 3 ? now : null;
    },
    { what: 'the missed check and its download', timeoutMs: LONG_MS },
  );
  expect(missed).toMatchObject({ foundCount: 1, counts: { total: 4, known: 3, missing: 1 } });
  expect(await childrenOf({ id: missed.checkTask?.id ?? '' })).toEqual(titles(E));
  expect(await listTracks(downloadDir)).toHaveLength(3);
  const again = await check(id);
  expect(again.watch.outcome).toBe('UNCHANGED');
  for (const outcomes of readers.outcomes()) expect(outcomes.slice(-2)).toEqual(['FOUND', 'UNCHANGED']);

  // Unwatched: nothing is checked any more, and what was downloaded stays.
  const status = () => app.rest('GET', `/playlist/watch/${LIST}/status`);
  expect((await status()).body).toMatchObject({ is_watched: true });
  const beforeRemoval = readers.reached();
  expect((await app.execute(UNWATCH, { id })).unwatch.__typename).toBe('Unwatched');
  await readers.haveRemoved(id);
  expect((await status()).body).toEqual({ is_watched: false });
  expect((await app.rest('GET', '/playlist/watch/list')).body).toEqual([]);
  const checks = await app.deps.db.task.count({ where: { kind: 'WATCH_CHECK' } });
  catalog.set([A]);
  await queueDueChecksJob.run(app.deps, {}, { signal: never });
  expect(await app.deps.db.task.count({ where: { kind: 'WATCH_CHECK' } })).toBe(checks);
  expect(await listTracks(downloadDir)).toHaveLength(3);
  expect(readers.ended()).toEqual([null, null]);

  // Whoever was away meanwhile is told so too.
  readers.stop();
  await (await follow(app, beforeRemoval)).haveRemoved(id);
});
