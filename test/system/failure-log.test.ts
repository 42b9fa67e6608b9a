import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { UpstreamFailedError } from '../../src/lib/errors.js';
import { createWorkspace } from '../kit/audio.js';
import { startApp, type TestApp, type TestAppOptions } from '../kit/start-app.js';
import { createSteeredSource } from '../kit/steered-source.js';
import { ended, queue } from '../kit/story.js';

const TRACK = 'demo:night-ferry-1-03';
const WARN = 40;
const ERROR = 50;

type Line = Record<string, unknown>;

let app: TestApp | undefined;
afterEach(() => app?.stop());

/** Downloads a track; its state, and the warnings and errors about it in the log. */
async function download({
  env = {},
  overrides = {},
}: TestAppOptions): Promise<{ state: string; lines: Line[] }> {
  const lines: Line[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line) as Line) });
  const settings = { maxRetries: 1, retryDelaySeconds: 0, retryDelayIncrease: 0 };
  app = await startApp({
    env,
    overrides: { ...overrides, log, settings: { ...settings, ...overrides.settings } },
  });
  const taskId = await queue(app, { item: TRACK, type: 'TRACK' });
  const { state } = await ended(app, taskId, 60_000);
  const ofTask = (line: Line) => `Task:${String(line['taskId'])}` === taskId;
  return { state, lines: lines.filter((line) => ofTask(line) && Number(line['level']) >= WARN) };
}

/** Has every track, and fails to supply it. */
function failingSource(thrown: Error) {
  const source = createSteeredSource();
  source.fail(TRACK);
  return { ...source, open: () => Promise.reject(thrown) };
}

const STACK_LINE = /failure-log\.test\.ts:\d+/;
const STACK = /"stack"|\bat .+\.[jt]s:\d+/;

describe('the log of a failed task', () => {
  it('has one line without a stack when no ffmpeg is installed', async () => {
    const workspace = await createWorkspace();
    const { state, lines } = await download({ env: { ffmpegPath: workspace.file('nothing') } });
    await workspace.remove();
    expect(state).toBe('FAILED');
    expect(lines).toEqual([
      expect.objectContaining({
        level: WARN,
        msg: 'task failed',
        code: 'FFMPEG_MISSING',
        message: expect.stringContaining('ffmpeg') as string,
      }),
    ]);
    expect(JSON.stringify(lines)).not.toMatch(STACK);
  });

  it('has one line without a stack for each attempt while a source is down, with the cause', async () => {
    const down = new UpstreamFailedError('far answers with status 502.', { cause: new Error('bad gateway') });
    const settings = { sourceOrder: 'steered' };
    const { state, lines } = await download({ overrides: { sources: [failingSource(down)], settings } });
    expect(state).toBe('FAILED');
    expect(lines.map(({ msg }) => msg)).toEqual(['task will be retried', 'task failed']);
    for (const line of lines) {
      expect(line).toMatchObject({
        level: WARN,
        code: 'UPSTREAM_FAILED',
        message: 'far answers with status 502.',
        cause: 'bad gateway',
      });
    }
    expect(JSON.stringify(lines)).not.toMatch(STACK);
  });

  it('has one line without a stack for a source that fails before another supplies the track', async () => {
    const failing = {
      ...createSteeredSource(),
      find: () => Promise.reject(new UpstreamFailedError('down.')),
    };
    const { state, lines } = await download({ overrides: { sources: [failing] } });
    expect(state).toBe('COMPLETED');
    expect(lines).toEqual([
      expect.objectContaining({ level: WARN, source: 'steered', code: 'UPSTREAM_FAILED', message: 'down.' }),
    ]);
    expect(JSON.stringify(lines)).not.toMatch(STACK);
  });

  it('has one line without a stack for a source whose audio fails before another supplies it', async () => {
    const broken = failingSource(new UpstreamFailedError('cut.'));
    const { state, lines } = await download({ overrides: { sources: [broken] } });
    expect(state).toBe('COMPLETED');
    expect(lines).toEqual([
      expect.objectContaining({ level: WARN, source: 'steered', code: 'UPSTREAM_FAILED', message: 'cut.' }),
    ]);
  });

  it('has the stack of an unexpected error, at the level of errors', async () => {
    const bug = new TypeError('x is undefined');
    const { state, lines } = await download({ overrides: { sources: [failingSource(bug)] } });
    expect(state).toBe('FAILED');
    expect(lines.map(({ msg }) => msg)).toEqual(['task will be retried', 'task failed']);
    for (const line of lines) {
      expect(line).toMatchObject({
        level: ERROR,
        code: 'INTERNAL',
        err: {
          type: 'TypeError',
          message: 'x is undefined',
          stack: expect.stringMatching(STACK_LINE) as string,
        },
      });
    }
  });
});
