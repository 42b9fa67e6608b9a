import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import { z } from 'zod';
import { createJobRunner, type AgendaJobs } from '../../src/jobs/agenda.js';
import { JobStoreUnavailableError } from '../../src/jobs/errors.js';
import { defineJob, type JobDefinition, type JobRun } from '../../src/jobs/job.js';
import { createDeferred, delay } from '../../src/lib/async.js';
import { onLine, spawnProgram, withClockAhead } from '../kit/child-programs.js';
import type { TcpProxy } from '../kit/tcp-proxy.js';
import { stretch, waitFor } from '../kit/wait-for.js';

/** A job store that the suite runs against. */
export interface JobStoreUnderTest {
  kind: 'postgresql' | 'mongodb';
  url: string;
  /** The same store over a network that can be broken. */
  openProxy(): Promise<TcpProxy & { url: string }>;
  count(jobName: string): Promise<number>;
  /** Deletes the records of a job, as a store that lost its data. */
  forget(jobName: string): Promise<void>;
  /** Moves next run and lock of a job ahead, as a process with a wrong clock stored them. */
  postpone(jobName: string, byMs: number): Promise<void>;
  /** How long ago the job was locked, by the store's clock. */
  lockedForMs(jobName: string): Promise<number>;
  close(): Promise<void>;
}

/** Renewed three times meanwhile: on a busy machine a process may not get its turn for a second. */
const LOCK_MS = Math.round(stretch(1_000));

type Handler = (payload: { n: number }, run: JobRun) => Promise<void> | void;

/** What every back end of jobs/agenda.ts must do. */
export function describeJobRunner(name: string, open: () => Promise<JobStoreUnderTest>): void {
  // They mostly wait, each for a job of its own.
  describe.concurrent(name, () => {
    let store: JobStoreUnderTest;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    /** The runners of one test, stopped at its end, and what they log. */
    const createRunners = ({ onTestFinished }: TestContext) => {
      const logged: Record<string, unknown>[] = [];
      const log = pino(
        { level: 'debug' },
        { write: (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>) },
      );

      const openRunner = async (url = store.url, restoreEveryMs = 500): Promise<AgendaJobs> => {
        const options = { log, instanceId: randomUUID(), restoreEveryMs };
        const runner = await createJobRunner({ store: { kind: store.kind, url }, ...options });
        onTestFinished(() => runner.stop({ graceMs: 0 }));
        return runner;
      };

      const startRunner = async (
        definition: JobDefinition<{ n: number }>,
        handler: Handler,
        url = store.url,
        restoreEveryMs?: number,
      ) => {
        const runner = await openRunner(url, restoreEveryMs);
        const run = async (_deps: object, payload: { n: number }, run: JobRun) => handler(payload, run);
        await runner.start([{ ...definition, run }], {});
        return runner;
      };

      return { logged, openRunner, startRunner };
    };

    const openProxy = async ({ onTestFinished }: TestContext) => {
      const proxy = await store.openProxy();
      onTestFinished(() => proxy.close());
      return proxy;
    };

    const define = (more: Partial<JobDefinition<{ n: number }>> = {}): JobDefinition<{ n: number }> => ({
      name: `job-${randomUUID()}`,
      payload: z.object({ n: z.number().default(-1) }),
      concurrency: 3,
      lockLifetimeMs: 10_000,
      ...more,
    });

    test('runs a job with its parsed payload and leaves no record', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define();
      const seen: unknown[] = [];
      const runner = await startRunner(definition, (payload) => void seen.push(payload));
      await runner.enqueue(definition, { n: 7, stray: true } as { n: number });
      await waitFor(() => seen.length === 1, { what: 'the job to run' });
      expect(seen).toEqual([{ n: 7 }]);
      await waitFor(async () => (await store.count(definition.name)) === 0, {
        what: 'its record to be removed',
      });
    });

    test('runs jobs from a process that only enqueues', async (context) => {
      const { openRunner, startRunner } = createRunners(context);
      const definition = define();
      const done = createDeferred<number>();
      await startRunner(definition, ({ n }) => done.resolve(n));
      const publisher = await openRunner();
      await publisher.enqueue(definition, { n: 1 });
      expect(await done.promise).toBe(1);
    });

    test('logs an invalid payload and does not run it', async (context) => {
      const { logged, startRunner } = createRunners(context);
      const definition = define();
      const seen: number[] = [];
      const runner = await startRunner(definition, ({ n }) => void seen.push(n));
      await runner.enqueue(definition, { n: 'seven' } as unknown as { n: number });
      const entry = await waitFor(() => logged.find(({ job }) => job === definition.name), {
        what: 'a log entry',
      });
      expect(entry).toMatchObject({ level: 50, payload: { n: 'seven' }, err: { type: 'ZodError' } });
      await waitFor(async () => (await store.count(definition.name)) === 0, {
        what: 'its record to be removed',
      });
      expect(seen).toEqual([]);
    });

    test('logs a handler that throws, and does not run its job again', async (context) => {
      const { logged, startRunner } = createRunners(context);
      const definition = define({ lockLifetimeMs: LOCK_MS });
      let runs = 0;
      const runner = await startRunner(definition, () => {
        runs += 1;
        throw new Error('no such luck');
      });
      await runner.enqueue(definition, { n: 3 });
      const entry = await waitFor(() => logged.find(({ job }) => job === definition.name), {
        what: 'a log entry',
      });
      expect(entry).toMatchObject({ level: 50, payload: { n: 3 }, err: { message: 'no such luck' } });
      await waitFor(async () => (await store.count(definition.name)) === 0, {
        what: 'its record to be removed',
      });
      expect(runs).toBe(1);
    });

    test('runs a delayed job at its time', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define();
      const ran = createDeferred<number>();
      const runner = await startRunner(definition, () => ran.resolve(Date.now()));
      const at = new Date(Date.now() + 1_500);
      await runner.enqueue(definition, { n: 1 }, { at });
      // The store's clock is known as exactly as it answers fast.
      expect(await ran.promise).toBeGreaterThanOrEqual(at.getTime() - 500);
    });

    test('runs 50 jobs, 3 at a time, each once', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ concurrency: 3 });
      const seen: number[] = [];
      let running = 0;
      let most = 0;
      const runner = await startRunner(definition, async ({ n }) => {
        most = Math.max(most, (running += 1));
        await delay(10);
        seen.push(n);
        running -= 1;
      });
      const numbers = Array.from({ length: 50 }, (_, n) => n);
      await Promise.all(numbers.map((n) => runner.enqueue(definition, { n })));
      await waitFor(() => seen.length >= 50, { timeoutMs: 20_000, what: '50 jobs to run' });
      await waitFor(async () => (await store.count(definition.name)) === 0, { what: 'no record to be left' });
      expect(seen.sort((a, b) => a - b)).toEqual(numbers);
      expect(most).toBe(3);
    });

    test('shares jobs between two processes and runs each once', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ concurrency: 3 });
      const seen: [string, number][] = [];
      const handle = (who: string): Handler => {
        return async ({ n }) => {
          await delay(20);
          seen.push([who, n]);
        };
      };
      const runner = await startRunner(definition, handle('a'));
      await startRunner(definition, handle('b'));
      const numbers = Array.from({ length: 60 }, (_, n) => n);
      await Promise.all(numbers.map((n) => runner.enqueue(definition, { n })));
      await waitFor(() => seen.length >= 60, { timeoutMs: 20_000, what: '60 jobs to run' });
      await waitFor(async () => (await store.count(definition.name)) === 0, { what: 'no record to be left' });
      expect(seen.map(([, n]) => n).sort((a, b) => a - b)).toEqual(numbers);
      expect(new Set(seen.map(([who]) => who))).toEqual(new Set(['a', 'b']));
    });

    test('lets several processes open a store at once', async (context) => {
      const { openRunner } = createRunners(context);
      await expect(Promise.all([1, 2, 3, 4].map(() => openRunner()))).resolves.toHaveLength(4);
    });

    test('runs a job that outlasts its lock once', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ lockLifetimeMs: LOCK_MS });
      let runs = 0;
      const ended = createDeferred<void>();
      const handler: Handler = async () => {
        runs += 1;
        await delay(4 * LOCK_MS);
        ended.resolve();
      };
      const runner = await startRunner(definition, handler);
      await startRunner(definition, handler);
      await runner.enqueue(definition, { n: 1 });
      await ended.promise;
      await waitFor(async () => (await store.count(definition.name)) === 0, {
        what: 'its record to be removed',
      });
      expect(runs).toBe(1);
    });

    test('runs jobs that wait longer than a lock lasts once each', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ lockLifetimeMs: LOCK_MS, concurrency: 1 });
      const seen: number[] = [];
      const handler: Handler = async ({ n }) => {
        seen.push(n);
        await delay(0.7 * LOCK_MS);
      };
      const runner = await startRunner(definition, handler);
      for (const n of [1, 2, 3, 4]) await runner.enqueue(definition, { n });
      await waitFor(async () => (await store.count(definition.name)) === 0, { what: 'no record to be left' });
      expect(seen.sort()).toEqual([1, 2, 3, 4]);
    });

    test('runs a recurring job once per interval over two processes', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ everyMs: 1_000, concurrency: 1 });
      const times: number[] = [];
      const handler: Handler = () => void times.push(Date.now());
      await Promise.all([startRunner(definition, handler), startRunner(definition, handler)]);
      await waitFor(() => times.length >= 6, { what: 'six runs' });
      // Five intervals; half of that if both processes ran it. A single run may start late on a busy machine.
      expect(times[5]! - times[0]!).toBeGreaterThan(3_500);
      expect(await store.count(definition.name)).toBe(1);
    });

    test('never overlaps a recurring job, even when it is registered again while it runs', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ everyMs: 200, concurrency: 1 });
      let runs = 0;
      let running = 0;
      let most = 0;
      const handler: Handler = async () => {
        most = Math.max(most, (running += 1));
        await delay(1_200);
        running -= 1;
        runs += 1;
      };
      await Promise.all([startRunner(definition, handler), startRunner(definition, handler)]);
      await waitFor(() => runs >= 3, { what: 'three runs' });
      expect(most).toBe(1);
    });

    test('adopts a shorter interval of a recurring job', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ everyMs: 3_600_000, concurrency: 1 });
      let runs = 0;
      const first = await startRunner(definition, () => void (runs += 1));
      await waitFor(() => runs === 1, { what: 'the first run' });
      await first.stop({ graceMs: 1_000 });
      await startRunner({ ...definition, everyMs: 500 }, () => void (runs += 1));
      await waitFor(() => runs >= 3, { what: 'two more runs' });
    });

    test('keeps a recurring job after its record is lost', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ everyMs: 500, concurrency: 1 });
      let runs = 0;
      await startRunner(definition, () => void (runs += 1));
      await waitFor(() => runs >= 1, { what: 'the first run' });
      await store.forget(definition.name);
      const before = runs;
      await waitFor(() => runs >= before + 3, { what: 'three more runs' });
    });

    test('runs a recurring job soon whose next run and lock lie an hour ahead', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ everyMs: 500, concurrency: 1, lockLifetimeMs: 1_000 });
      let runs = 0;
      const first = await startRunner(definition, () => void (runs += 1));
      await waitFor(() => runs >= 1, { what: 'the first run' });
      await first.stop({ graceMs: 1_000 });
      await store.postpone(definition.name, 3_600_000);
      runs = 0;
      await startRunner(definition, () => void (runs += 1));
      await waitFor(() => runs >= 2, { what: 'two runs' });
    });

    test.for([-3_600_000, 3_600_000])(
      'leaves jobs to others at once when the process that ran them dies, its clock wrong by %i ms',
      async (clockAheadMs, context) => {
        const { startRunner } = createRunners(context);
        const definition = define({ everyMs: 500, concurrency: 1, lockLifetimeMs: 2 * LOCK_MS });
        const args = [store.kind, store.url, definition.name, `${definition.lockLifetimeMs}`];
        const child = spawnProgram('recurring-child', args, {
          stdio: ['ignore', 'pipe', 'inherit'],
          env: { ...process.env, ...withClockAhead(clockAheadMs) },
        });
        context.onTestFinished(() => void child.kill('SIGKILL'));
        const lines: string[] = [];
        onLine(child, (line) => lines.push(line));
        await waitFor(() => lines.includes('running'), {
          timeoutMs: 20_000,
          what: 'the child to run the job',
        });
        let runs = 0;
        await startRunner(definition, () => void (runs += 1), store.url, 3_600_000);
        // Its lock is renewed all the time, and holds however the clocks differ.
        const lockedForMs = await store.lockedForMs(definition.name);
        expect(Math.abs(lockedForMs)).toBeLessThan(60_000);
        expect(runs).toBe(0);
        child.kill('SIGKILL');
        await once(child, 'exit');
        await waitFor(() => runs >= 2, { what: 'two runs in the process that is left' });
      },
    );

    test('continues a recurring job in another process when the one that ran it is killed', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ everyMs: 500, concurrency: 1, lockLifetimeMs: 2 * LOCK_MS });
      const args = [store.kind, store.url, definition.name, `${definition.lockLifetimeMs}`];
      const child = spawnProgram('recurring-child', args, { stdio: ['ignore', 'pipe', 'inherit'] });
      context.onTestFinished(() => void child.kill('SIGKILL'));
      const lines: string[] = [];
      onLine(child, (line) => lines.push(line));
      await waitFor(() => lines.includes('running'), { timeoutMs: 20_000, what: 'the child to run the job' });
      let runs = 0;
      await startRunner(definition, () => void (runs += 1));
      expect(runs).toBe(0);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await waitFor(() => runs >= 2, { what: 'two runs in the process that is left' });
    });

    test('waits on stop for a handler that finishes in time', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define();
      const started = createDeferred<void>();
      let ended = false;
      const runner = await startRunner(definition, async (_payload, { signal }) => {
        started.resolve();
        await delay(300, signal);
        ended = true;
      });
      await runner.enqueue(definition, { n: 1 });
      await started.promise;
      await runner.stop({ graceMs: 10_000 });
      expect(ended).toBe(true);
      expect(await store.count(definition.name)).toBe(0);
    });

    test('on stop takes no new job, aborts a slow handler, and releases its job', async (context) => {
      const { startRunner } = createRunners(context);
      const definition = define({ concurrency: 1 });
      const started: number[] = [];
      let aborted = false;
      const runner = await startRunner(definition, async ({ n }, { signal }) => {
        started.push(n);
        await delay(60_000, signal).catch((reason: unknown) => {
          aborted = true;
          throw reason;
        });
      });
      await runner.enqueue(definition, { n: 1 });
      await waitFor(() => started.length === 1, { what: 'the job to start' });
      await runner.enqueue(definition, { n: 2 });
      await runner.stop({ graceMs: 100 });
      expect(aborted).toBe(true);
      expect(started).toEqual([1]);

      const elsewhere: number[] = [];
      await startRunner(definition, ({ n }) => void elsewhere.push(n));
      await waitFor(() => elsewhere.length === 2, { timeoutMs: 5_000, what: 'both jobs to run elsewhere' });
      expect(elsewhere.sort()).toEqual([1, 2]);
    });

    test('reports an unreachable store, and recovers by itself', async (context) => {
      const { logged, openRunner } = createRunners(context);
      const proxy = await openProxy(context);
      const definition = define();
      const recurring = define({ everyMs: 500, concurrency: 1 });
      const seen: number[] = [];
      let beats = 0;
      // So rarely that only the return of the store can be what restores the recurring job.
      const runner = await openRunner(proxy.url, 3_600_000);
      const record = defineJob({
        ...definition,
        run: (_deps: object, { n }) => Promise.resolve(void seen.push(n)),
      });
      const beat = defineJob({ ...recurring, run: () => Promise.resolve(void (beats += 1)) });
      await runner.start([record, beat], {});
      await waitFor(() => beats >= 1, { what: 'the recurring job' });
      expect(await runner.healthy()).toBe(true);

      await proxy.cut();
      await expect(runner.enqueue(definition, { n: 1 })).rejects.toThrow(JobStoreUnavailableError);
      expect(await runner.healthy()).toBe(false);
      const elsewhere = await openRunner();
      await elsewhere.enqueue(definition, { n: 2 });
      await store.forget(recurring.name);
      await proxy.resume();

      await waitFor(() => seen.includes(2), { timeoutMs: 20_000, what: 'the job enqueued meanwhile' });
      const before = beats;
      await waitFor(() => beats >= before + 2, { timeoutMs: 20_000, what: 'the recurring job' });
      await waitFor(() => runner.healthy(), { what: 'the store to be healthy' });
      await runner.enqueue(definition, { n: 3 });
      await waitFor(() => seen.includes(3), { what: 'a job enqueued after' });
      expect(seen).not.toContain(1);
      const outages = logged.filter(({ msg }) => msg === 'job store does not answer');
      expect(outages).toHaveLength(1);
    });

    test('reports an unresponsive store, and recovers by itself', async (context) => {
      const { startRunner } = createRunners(context);
      const proxy = await openProxy(context);
      const definition = define();
      const seen: number[] = [];
      const runner = await startRunner(definition, ({ n }) => void seen.push(n), proxy.url);
      await runner.enqueue(definition, { n: 1 });
      await waitFor(() => seen.includes(1), { what: 'a job before' });

      proxy.stall();
      await expect(runner.enqueue(definition, { n: 2 })).rejects.toThrow(JobStoreUnavailableError);
      expect(await runner.healthy()).toBe(false);
      await proxy.resume();

      await waitFor(() => runner.healthy(), { timeoutMs: 20_000, what: 'the store to be healthy' });
      await runner.enqueue(definition, { n: 3 });
      await waitFor(() => seen.includes(3), { timeoutMs: 20_000, what: 'a job after' });
    });

    test('lets a running handler finish while the store is unreachable', async (context) => {
      const { startRunner } = createRunners(context);
      const proxy = await openProxy(context);
      const definition = define({ lockLifetimeMs: 2 * LOCK_MS });
      const started = createDeferred<void>();
      const goOn = createDeferred<void>();
      let runs = 0;
      let aborted = false;
      const runner = await startRunner(
        definition,
        async (_payload, { signal }) => {
          signal.addEventListener('abort', () => (aborted = true));
          runs += 1;
          started.resolve();
          if (runs === 1) await goOn.promise;
        },
        proxy.url,
      );
      await runner.enqueue(definition, { n: 1 });
      await started.promise;
      await proxy.cut();
      await waitFor(async () => !(await runner.healthy()), { what: 'the store to be gone' });
      await expect(runner.enqueue(definition, { n: 2 })).rejects.toThrow(JobStoreUnavailableError);
      goOn.resolve();
      await proxy.resume();
      await waitFor(async () => (await store.count(definition.name)) === 0, {
        timeoutMs: 20_000,
        what: 'its record to be removed',
      });
      expect(aborted).toBe(false);
    });

    test('stops while the store is unreachable', async (context) => {
      const { startRunner } = createRunners(context);
      const proxy = await openProxy(context);
      const definition = define();
      const runner = await startRunner(definition, () => undefined, proxy.url);
      proxy.stall();
      await runner.stop({ graceMs: 100 });
    });
  });
}
