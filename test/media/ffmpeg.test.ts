import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FfmpegRunError, runFfmpeg, streamFfmpeg } from '../../src/media/ffmpeg.js';
import { createWorkspace, never, packagedFfmpegPath, pidsWith } from '../kit/audio.js';
import { waitFor } from '../kit/wait-for.js';

let workspace: Awaited<ReturnType<typeof createWorkspace>>;

beforeAll(async () => {
  workspace = await createWorkspace();
});

afterAll(() => workspace.remove());

/** Sound without an end. `mark` finds the process again. */
const endless = (mark: string) => ({
  inputs: [{ options: ['-nostdin', '-v', 'error', '-f', 'lavfi'], source: `aevalsrc=0+0*${mark}` }],
  outputOptions: ['-f', 'wav'],
});

describe('a run of ffmpeg', () => {
  it('is stopped when it takes too long', async () => {
    const job = { ...endless('71001'), outputPath: workspace.file('endless.wav') };
    const failure: unknown = await runFfmpeg(packagedFfmpegPath, job, {
      signal: never,
      timeLimitMs: 300,
    }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FfmpegRunError);
    expect((failure as Error).message).toBe('ffmpeg took longer than 0.3 s.');
    expect(await pidsWith('71001')).toEqual([]);
  });

  it.each([
    { what: 'a program that is not there', path: '/nowhere/ffmpeg', mark: '1', message: 'ENOENT' },
    { what: 'too long an argument', path: packagedFfmpegPath, mark: '1'.repeat(200_000), message: 'E2BIG' },
  ])('fails like any other for $what, and the process lives', async ({ path, mark, message }) => {
    const job = { ...endless(mark), outputPath: workspace.file('never.wav') };
    const running = runFfmpeg(path, job, { signal: never, timeLimitMs: 10_000 });
    await expect(running).rejects.toThrow(message);
    await expect(running).rejects.toBeInstanceOf(FfmpegRunError);
  });
});

describe('a stream from ffmpeg', () => {
  const stream = (mark: string, signal = never) =>
    streamFfmpeg(packagedFfmpegPath, endless(mark), { signal, timeLimitMs: 20_000 });

  it('waits for a slow reader, and ends ffmpeg when it is destroyed', async () => {
    const out = stream('71002');
    await once(out, 'readable');
    await waitFor(() => out.readableLength >= out.readableHighWaterMark);
    expect(await pidsWith('71002')).toHaveLength(1);
    out.destroy();
    await waitFor(async () => (await pidsWith('71002')).length === 0, { timeoutMs: 1_000 });
  });

  it('fails with the signal’s reason, and ends ffmpeg', async () => {
    const stop = new AbortController();
    const out = stream('71003', stop.signal);
    await once(out, 'readable');
    const failed = once(out, 'error');
    stop.abort(new Error('cancelled'));
    expect(await failed).toMatchObject([{ message: 'cancelled' }]);
    await waitFor(async () => (await pidsWith('71003')).length === 0, { timeoutMs: 1_000 });
  });

  it('fails, rather than end early, when ffmpeg is killed', async () => {
    const out = stream('71004');
    await once(out, 'readable');
    const [pid] = await pidsWith('71004');
    process.kill(pid ?? 0, 'SIGKILL');
    out.resume();
    const [error] = (await once(out, 'error')) as [Error];
    expect(error.message).toContain('SIGKILL');
  });

  it('fails when ffmpeg cannot be started', async () => {
    const out = streamFfmpeg('/nowhere/ffmpeg', endless('1'), { signal: never, timeLimitMs: 1_000 });
    const [error] = (await once(out, 'error')) as [Error];
    expect(error.message).toContain('ENOENT');
  });

  it('fails at once when its signal has aborted before', async () => {
    const out = stream('71005', AbortSignal.abort(new Error('too late')));
    expect(await once(out, 'error')).toMatchObject([{ message: 'too late' }]);
  });
});
