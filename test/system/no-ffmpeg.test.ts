import { writeFile, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createWorkspace, writeFfmpegScript } from '../kit/audio.js';
import { listTree } from '../kit/disk-tree.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';

async function withFfmpeg(
  prepare: (file: (name: string) => string) => Promise<string>,
  use: (app: TestApp, ffmpegPath: string) => Promise<void>,
): Promise<void> {
  const workspace = await createWorkspace();
  const ffmpegPath = await prepare(workspace.file);
  const app = await startApp({ env: { ffmpegPath } });
  await use(app, ffmpegPath).finally(app.stop);
  await workspace.remove();
}

async function readiness(app: TestApp) {
  const response = await fetch(`${app.url}/readyz`);
  const body = (await response.json()) as { checks: Record<string, { ok: boolean; detail?: string }> };
  return { status: response.status, ffmpeg: body.checks['ffmpeg'] };
}

describe('without a working ffmpeg', () => {
  it.each([
    ['is not there', (file: (name: string) => string) => Promise.resolve(file('nothing')), /not found/],
    [
      'is no program',
      async (file: (name: string) => string) => {
        await writeFile(file('notes.txt'), 'buy milk');
        return file('notes.txt');
      },
      /not executable/,
    ],
    [
      'is another program',
      (file: (name: string) => string) => writeFfmpegScript(file('other'), 'echo hello'),
      /does not answer like ffmpeg/,
    ],
  ])(
    'because FFMPEG_PATH %s, the server starts, reports it, accepts tasks, and fails them with a clear error',
    async (...row) => {
      const [, prepare, reason] = row;
      await withFfmpeg(prepare, async (app) => {
        const { status, ffmpeg } = await readiness(app);
        expect(status).toBe(503);
        expect(ffmpeg).toEqual({ ok: false, detail: expect.stringMatching(reason) as string });
        expect(ffmpeg?.detail).toContain('FFMPEG_PATH');
        const items = [
          { item: 'demo:night-ferry-1-01' },
          { item: 'demo:night-ferry-1-02', options: { format: 'MP3' as const } },
        ];
        for (const input of items) {
          const task = await ended(app, await queue(app, input));
          expect(task).toMatchObject({ state: 'FAILED', attempt: 1, file: null });
          expect(task.error).toMatchObject({ code: 'FFMPEG_MISSING', retryable: false });
          expect(task.error?.message).toContain('FFMPEG_PATH');
          expect(task.error?.message).toMatch(reason);
        }
        expect(await listTree(app.env.downloadDir)).toEqual(['.incoming']);
        expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
      });
    },
  );

  it('because it was removed while the server runs, tasks fail with a clear error', async () => {
    const prepare = (file: (name: string) => string) =>
      writeFfmpegScript(file('ffmpeg'), 'exec "$FFMPEG" "$@"');
    await withFfmpeg(prepare, async (app, ffmpegPath) => {
      expect((await readiness(app)).ffmpeg).toMatchObject({ ok: true });
      const before = await ended(app, await queue(app, { item: 'demo:night-ferry-1-01' }));
      expect(before.state).toBe('COMPLETED');
      await rm(ffmpegPath);
      const after = await ended(app, await queue(app, { item: 'demo:night-ferry-1-02' }));
      expect(after).toMatchObject({ state: 'FAILED', attempt: 1, error: { code: 'FFMPEG_MISSING' } });
    });
  });
});
