import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startApp, type TestApp } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { ended, inState, queue } from '../kit/story.js';
import { stretch, waitFor } from '../kit/wait-for.js';
import { joinApp, spawnWorker } from './join-app.js';
import { itemsThatCameTo, keepJournal, readJournal, type JournalEntry } from './task-journal.js';

const ALBUM = 'demo:night-ferry';
const TRACK = 'demo:night-ferry-1-01';
/** One of the first three, so that others run with it. */
const DEADLY = 'demo:night-ferry-1-02';
const SUSPECTED_AT = 3;
const GIVEN_UP_AT = 6;

let api: TestApp;
beforeEach(async () => {
  api = await startApp({ env: { role: 'api' } });
  await keepJournal(api);
});
afterEach(() => api?.stop());

const startChild = (env: Record<string, string> = {}): ChildProcess =>
  spawnWorker(api, 'worker-child', { LEASE_MS: String(stretch(1_500)), ...env });

describe('workers that die', () => {
  it('use no retry of the tasks that they ran', async () => {
    const id = await queue(api, { item: TRACK });
    const child = startChild();
    await inState(api, id, 'RUNNING');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const source = createSteeredSource();
    source.fail(TRACK, { retryable: true });
    const settings = { maxRetries: 1, retryDelaySeconds: 0, retryDelayIncrease: 0 };
    const worker = await joinApp(api, {
      env: { role: 'worker' },
      overrides: { sources: [source], settings },
    });
    onTestFinished(() => worker.stop());
    expect(await ended(api, id)).toMatchObject({ state: 'FAILED', attempt: 3 });
    expect(itemsThatCameTo('RETRYING', await readJournal(api))).toEqual([TRACK]);
  });
});

describe('a track that kills every worker', () => {
  it('runs alone before it is given up, and takes no other track with it', async () => {
    const album = await queue(api, { item: ALBUM });
    const deadly = () => api.deps.db.task.findFirst({ where: { itemId: DEADLY } });
    while ((await deadly())?.state !== 'FAILED') {
      const child = startChild({ DEADLY });
      await waitFor(async () => child.signalCode ?? (await deadly())?.state === 'FAILED', {
        timeoutMs: 60_000,
        what: 'the worker to die, or the track to be given up',
      });
    }
    expect(await ended(api, album, 60_000)).toMatchObject({
      state: 'COMPLETED',
      childCount: 9,
      completedCount: 8,
      failedCount: 1,
    });
    expect(await deadly()).toMatchObject({
      deaths: GIVEN_UP_AT,
      failures: 0,
      errorCode: 'WORKER_LOST',
      errorMessage: expect.stringContaining('6 workers in a row died') as string,
    });
    const journal = await readJournal(api);
    // Earlier where it happened to kill its worker before that had started another.
    expect(aloneFromAttempt(journal)).toBeLessThanOrEqual(SUSPECTED_AT + 1);
  }, 240_000);

  /** The first attempt at the deadly track from which on its process started nothing else before it died. */
  function aloneFromAttempt(journal: readonly JournalEntry[]): number {
    const tries = journal.filter(({ itemId, to }) => itemId === DEADLY && to === 'RUNNING');
    expect(tries).toHaveLength(GIVEN_UP_AT);
    const isAlone = (own: JournalEntry) => {
      const at = journal.indexOf(own);
      const started = journal.filter(
        ({ to, leaseOwner }) => to === 'RUNNING' && leaseOwner === own.leaseOwner,
      );
      return started.every((other) => {
        if (other === own) return true;
        const from = journal.indexOf(other);
        const until = journal.findIndex(({ id, from: state }, index) => {
          return index > from && id === other.id && state === 'RUNNING';
        });
        return from < at && until < at;
      });
    };
    return Math.max(0, ...tries.filter((own) => !isAlone(own)).map(({ attempt }) => attempt)) + 1;
  }
});
