import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioSource } from '../../src/catalog/audio-source.js';
import type { Overrides } from '../../src/app.js';
import { bareFfmpeg, createWorkspace } from '../kit/audio.js';
import { makeTrack } from '../kit/catalog-items.js';
import { listTree } from '../kit/disk-tree.js';
import { createFileSource } from '../kit/file-source.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { canMount, withSmallDisk } from '../kit/small-disk.js';
import { startApp } from '../kit/start-app.js';
import { ended } from '../kit/story.js';

const mountable = await canMount();
const SILENCE_MS = 1_800_000;
const SILENT = 'demo:silent';

let workspace: Awaited<ReturnType<typeof createWorkspace>>;
let silence: string;

beforeAll(async () => {
  workspace = await createWorkspace();
  silence = workspace.file('silence.flac');
  const graph = 'anullsrc=channel_layout=stereo:sample_rate=44100';
  await bareFfmpeg('-f', 'lavfi', '-i', graph, '-t', String(SILENCE_MS / 1000), '-c:a', 'flac', silence);
});
afterAll(() => workspace?.remove());

interface Download {
  source: AudioSource;
  /** What the catalog says. */
  durationMs?: number | null;
  format?: 'WAV' | 'KEEP';
  settings?: Overrides['settings'];
  downloadDir?: string;
}

/** Downloads one track on a server of its own; how it ended, and what is on its disk then. */
async function download({ source, durationMs = SILENCE_MS, format = 'WAV', ...on }: Download) {
  const { settings = {}, downloadDir } = on;
  const app = await startApp({
    env: downloadDir === undefined ? {} : { downloadDir },
    overrides: { sources: [source], settings: { askAllSources: true, ...settings } },
  });
  try {
    const track = makeTrack(SILENT, { title: 'Silence', durationMs });
    const item = JSON.parse(JSON.stringify(track)) as object;
    const [id] = await seedTasks(app, [{ itemId: SILENT, item, options: { format } }]);
    const task = await ended(app, `Task:${id}`, 60_000);
    return { task, tree: await listTree(app.env.downloadDir) };
  } finally {
    await app.stop();
  }
}

function silentSource() {
  const source = createFileSource();
  source.offer(SILENT, silence, { localPath: silence });
  return source;
}

describe('a track that is longer than the settings allow', () => {
  it.each([
    ['as the catalog says', SILENCE_MS],
    ['as only its file says', null],
  ])('%s fails at the first attempt, and makes no file', async (_what, durationMs) => {
    const settings = { maxTrackSeconds: 600 };
    const { task, tree } = await download({ source: silentSource(), durationMs, settings });
    expect(task).toMatchObject({ state: 'FAILED', attempt: 1, file: null });
    expect(task.error).toEqual({
      code: 'TRACK_TOO_LARGE',
      message: '"Silence" is 1800 s long; the longest track allowed is 600 s ("maxTrackSeconds").',
      retryable: false,
    });
    expect(tree.filter((name) => name !== '.incoming')).toEqual([]);
  });
});

describe('a track whose length neither catalog nor source knows', () => {
  it('is downloaded', async () => {
    const settings = { maxTrackSeconds: 3_600 };
    const { task } = await download({
      source: silentSource(),
      durationMs: null,
      format: 'KEEP',
      settings,
    });
    expect(task).toMatchObject({ state: 'COMPLETED', error: null });
  });
});

describe('a source that never stops sending', () => {
  it('is cut off at what the longest track can take', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(1_048_576, 1);
    const endless = new Readable({
      read() {
        sent += chunk.length;
        this.push(chunk);
      },
    });
    const source = createFileSource();
    source.offer(SILENT, 'nothing');
    source.open = () => Promise.resolve(endless);
    const { task, tree } = await download({ source, durationMs: 1_000, settings: { maxTrackSeconds: 1 } });
    expect(task).toMatchObject({ state: 'FAILED', attempt: 1, error: { code: 'TRACK_TOO_LARGE' } });
    expect(task.error?.message).toMatch(/^files sent more than [\d.]+ MB, which is too much/);
    expect(sent).toBeLessThan(100 * 1_048_576);
    expect(tree).toEqual(['.incoming']);
  });
});

describe.skipIf(!mountable)('a disk with too little space for a track', () => {
  it('ends the task before the audio is written, and says how much is needed', async () => {
    const disk = await withSmallDisk(64 * 1_048_576);
    try {
      const { task, tree } = await download({ source: silentSource(), downloadDir: disk.path });
      expect(task).toMatchObject({ state: 'FAILED', attempt: 1, file: null });
      expect(task.error).toMatchObject({ code: 'DISK_FULL', retryable: false });

      expect(task.error?.message).toMatch(
        /^There is no space left .+ for "Silence": it needs about 317\.5 MB, and 6\d\.\d MB are free\.$/,
      );
      expect(tree).toEqual(['.incoming']);
    } finally {
      await disk.remove();
    }
  });
});
