import { once } from 'node:events';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { withClockAhead } from '../kit/child-programs.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, inState, queue } from '../kit/story.js';
import { stretch, waitFor } from '../kit/wait-for.js';
import { databaseUrlOf, joinApp, spawnWorker } from './join-app.js';

const TRACK = 'demo:night-ferry-1-01';
const HOUR_MS = 3_600_000;

let api: TestApp;
beforeEach(async () => {
  api = await startApp({ env: { role: 'api' } });
});
afterEach(() => api?.stop());

describe('a worker whose clock is an hour off', () => {
  it.each([HOUR_MS, -HOUR_MS])('(%i ms) leaves its track to another one as soon as any', async (aheadMs) => {
    const id = await queue(api, { item: TRACK });
    const child = startChild(aheadMs);
    await inState(api, id, 'RUNNING');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const worker = await joinApp(api, { env: { role: 'worker' } });
    onTestFinished(() => worker.stop());
    expect(await ended(api, id, 30_000)).toMatchObject({ state: 'COMPLETED', attempt: 2 });
  });

  const startChild = (aheadMs: number) =>
    spawnWorker(api, 'worker-child', { ...withClockAhead(aheadMs), LEASE_MS: String(stretch(2_000)) });
});

describe('/readyz', () => {
  it('answers 503 while no task can be dispatched, and says for how long', async () => {
    const app = await joinApp(api, { overrides: { timing: { dispatchEveryMs: 100 } } });
    onTestFinished(() => app.stop());
    await readiness(app, 200);
    const holder = new pg.Client({ connectionString: databaseUrlOf(api) });
    await holder.connect();
    try {
      await holder.query(`SELECT pg_advisory_lock(hashtext('reprise.dispatch'))`);
      const { dispatch } = await readiness(app, 503);
      expect(dispatch).toMatchObject({
        ok: false,
        detail: expect.stringMatching(/^no task has been dispatched for \d+ s/) as string,
      });
    } finally {
      await holder.end();
    }
    expect((await readiness(app, 200))['dispatch']).toEqual({ ok: true });
  });

  function readiness(app: TestApp, status: number): Promise<Record<string, unknown>> {
    return waitFor(
      async () => {
        const response = await fetch(`${app.url}/readyz`);
        const { checks } = (await response.json()) as { checks: Record<string, unknown> };
        return response.status === status ? checks : null;
      },
      { what: `/readyz to answer ${status}` },
    );
  }
});
