import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';

/** A real path at which nothing can be run. */
const NOT_A_PROGRAM = '/dev/null';

describe('a server whose FFMPEG_PATH names nothing that runs', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({ env: { ffmpegPath: NOT_A_PROGRAM } });
  });
  afterAll(() => app.stop());

  it('starts, lives, and says in /readyz what is missing', async () => {
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    const response = await fetch(`${app.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      status: 'not ready',
      checks: {
        database: { ok: true },
        jobs: { ok: true },
        ffmpeg: { ok: false, detail: expect.stringContaining('FFMPEG_PATH') as string },
      },
    });
  });

  it('queues a download, which fails and says why', async () => {
    const task = await ended(
      app,
      await queue(app, { item: 'demo:night-ferry-1-01', options: { format: 'MP3' } }),
    );
    expect(task).toMatchObject({ state: 'FAILED', error: { code: 'FFMPEG_MISSING', retryable: false } });
    expect(task.error?.message).toContain('FFMPEG_PATH');
  });
});
