import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { flushDirectory, flushFile } from '../../src/lib/plain-file.js';
import { createTestMedia, makeAudio } from '../kit/audio.js';
import { startBuiltServer, type BuiltServer } from './built-server.js';
import { median, ms, report } from './figures.js';

const run = promisify(execFile);
const ROUNDS = 5;
const MAX_RATIO = 1.15;
/** The first format that is a copy. */
const FIRST_COPY = 'FLAC';
const TRACK_MS = 240_000;

/** What the pipeline runs for each format, by hand and without tags: the baseline. */
const BARE: Record<string, string[]> = {
  MP3: ['-c:a', 'libmp3lame', '-b:a', '320k', '-f', 'mp3'],
  AAC: ['-c:a', 'aac', '-b:a', '256k', '-f', 'mp4'],
  OPUS: ['-c:a', 'libopus', '-b:a', '160k', '-f', 'opus'],
  FLAC: ['-c:a', 'copy', '-f', 'flac'],
  KEEP: ['-c:a', 'copy', '-f', 'flac'],
};
/** FLAC as FLAC is a copy like KEEP. */
const MAX_RATIOS: Record<string, number> = { MP3: MAX_RATIO, AAC: MAX_RATIO, OPUS: MAX_RATIO, KEEP: 1 };

/**
 * One four-minute FLAC file of the owner's, from the mutation to its end as a subscriber sees it, and from its start to
 * its end as the database says, against the same ffmpeg on the same file alone, its file flushed like the pipeline's; in
 * turn, so that the machine's moods meet both.
 */
async function benchFormats(formats: readonly string[]): Promise<void> {
  const library = await mkdtemp(join(tmpdir(), 'reprise-bench-library-'));
  const media = await createTestMedia(null);
  const track = join(library, 'Bench Artist', 'Bench Album', '01 - Four Minutes.flac');
  await mkdir(join(track, '..'), { recursive: true });
  const source = join(library, 'source.ogg');
  // Noise under two voices: about as hard to encode as music.
  const graph =
    'aevalsrc=0.3*sin(220*2*PI*t)+0.2*sin(331*2*PI*t)+0.1*(random(0)-0.5)|0.3*sin(277*2*PI*t)+0.1*(random(1)-0.5):s=44100';
  await makeAudio(media, source, { graph, durationMs: TRACK_MS, codec: 'flac' });
  const { ffmpegPath } = media.tools ?? { ffmpegPath: 'ffmpeg' };
  await run(ffmpegPath, ['-v', 'error', '-i', source, '-c:a', 'flac', track]);
  await rm(source);
  const server = await startBuiltServer({
    LIBRARY_DIRS: library,
    LIBRARY_VERIFY: 'false',
    LOG_LEVEL: 'info',
  });
  try {
    const id = await findTrack(server);
    for (const format of formats) {
      const out = join(server.directory, 'bare');
      await measure(format, {
        bare: async () => {
          await rm(out, { force: true });
          return time(async () => {
            const input = ['-nostdin', '-v', 'error', '-threads', '1', '-i', track];
            await run(ffmpegPath, [...input, '-map', '0:a:0', ...(BARE[format] ?? []), '-threads', '1', out]);
            await flushFile(out);
            await flushDirectory(server.directory);
          });
        },
        whole: () => download(server, id, format),
      });
    }
  } finally {
    await server.stop();
    await rm(library, { recursive: true, force: true });
  }
}

export const benchTracks = () => benchFormats(['MP3', 'AAC', 'OPUS']);
export const benchCopies = () => benchFormats([FIRST_COPY, 'KEEP']);

interface Took {
  wholeMs: number;
  workMs: number;
}

async function measure(
  format: string,
  { bare, whole }: { bare: () => Promise<number>; whole: () => Promise<Took> },
): Promise<void> {
  const bareMs: number[] = [];
  const tracks: Took[] = [];
  await bare();
  // The first copy of a file that was not verified in the background also decodes it (verify-library.job.ts).
  const first = await whole();
  if (format === FIRST_COPY)
    report(`one track to ${format}, never verified: whole pipeline`, ms(first.wholeMs));
  for (let round = 0; round < ROUNDS; round++) {
    bareMs.push(await bare());
    tracks.push(await whole());
  }
  const parts = { 'whole pipeline': 'wholeMs', 'start to end': 'workMs' } as const;
  for (const [name, part] of Object.entries(parts)) {
    const tookMs = tracks.map((took) => took[part]);
    const ratio = median(tookMs.map((value, round) => value / (bareMs[round] ?? Number.NaN)));
    const limit = MAX_RATIOS[format];
    report(
      `one track to ${format}: ${name} / bare ffmpeg`,
      `${ratio.toFixed(3)} (${ms(median(tookMs))} / ${ms(median(bareMs))}, median of ${ROUNDS} pairs)`,
      limit === undefined ? undefined : { ok: ratio <= limit, budget: `≤ ${limit}` },
    );
  }
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

/** The library's only track, once it has been scanned. */
async function findTrack(server: BuiltServer): Promise<string> {
  for (;;) {
    const { search } = await server.execute<{ search: { edges: { node: { id: string } }[] } }>(
      '{ search(query: "four minutes", catalog: "library") { edges { node { ... on Track { id } } } } }',
    );
    const [found] = search.edges;
    if (found) return found.node.id;
  }
}

interface Update {
  id: string;
  state: string;
  startedAt: string | null;
  finishedAt: string | null;
  error: object | null;
}

/** Queues and follows over the socket until the end. The last result goes first, else this one would be skipped. */
async function download(server: BuiltServer, item: string, format: string): Promise<Took> {
  await rm(join(server.directory, 'downloads'), { recursive: true, force: true });
  const client = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
  });
  try {
    const connected = new Promise<void>((resolve) => client.on('connected', () => resolve()));
    const updates = client.iterate<{
      taskUpdates: { task: Update };
    }>({
      query: 'subscription { taskUpdates { task { id state startedAt finishedAt error { message } } } }',
    });
    await connected;
    const queuedAtMs = performance.now();
    const { queueDownload } = await server.execute<{ queueDownload: { task?: { id: string } } }>(
      'mutation ($input: QueueDownloadInput!) { queueDownload(input: $input) { ... on DownloadQueued { task { id } } } }',
      { input: { item, options: { format } } },
    );
    for await (const { data } of updates) {
      const task = data?.taskUpdates.task;
      if (task?.id !== queueDownload.task?.id || !task) continue;
      if (task.state === 'COMPLETED') {
        const workMs = Date.parse(task.finishedAt ?? '') - Date.parse(task.startedAt ?? '');
        return { wholeMs: performance.now() - queuedAtMs, workMs };
      }
      if (['FAILED', 'SKIPPED', 'CANCELLED'].includes(task.state)) throw new Error(JSON.stringify(task));
    }
    throw new Error('The subscription ended before the task.');
  } finally {
    await client.dispose();
  }
}
