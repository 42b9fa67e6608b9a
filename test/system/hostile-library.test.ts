import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { pidsWith } from '../kit/audio.js';
import { manyArtists, pidsReading, titled, writeTaggedMp3 } from '../kit/hostile-audio.js';
import { startServer, type ServerProcess } from '../kit/server-process.js';
import { waitFor } from '../kit/wait-for.js';

const MB = 1_048_576;
const SCAN_MS = 60_000;

const LIBRARY = graphql(`
  query HostileLibrary {
    library {
      fileCount
      problems(first: 10) {
        edges {
          node {
            path
            problem
          }
        }
      }
    }
  }
`);

let root: string;
let music: string;
let env: Record<string, string>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'reprise-hostile-'));
  music = join(root, 'music');
  await mkdir(music);
  env = { DATA_DIR: join(root, 'data'), DOWNLOAD_DIR: join(root, 'downloads'), LIBRARY_DIRS: music };
  await writeTaggedMp3(join(music, 'many.mp3'), [titled('Many'), manyArtists(8_000)]);
  await writeTaggedMp3(join(music, 'plain.mp3'), [titled('Plain')]);
  const artists = (text: string, bytes: number) => ({ id: 'TPE1', text, bytes });
  await writeTaggedMp3(join(music, 'text.mp3'), [titled('Text'), artists('x', 240_000_000)]);
  await writeTaggedMp3(join(music, 'values.mp3'), [titled('Values'), artists('x\0', 20_000_000)]);
});
afterAll(async () => {
  await waitFor(async () => (await pidsWith(root)).length === 0, { what: 'all processes to be gone' });
  await rm(root, { recursive: true, force: true });
});

async function libraryOf(server: ServerProcess) {
  const { fileCount, problems } = (await server.execute(LIBRARY)).library;
  return { fileCount, problems: problems?.edges.map(({ node }) => node) ?? [] };
}

/** Of the resident memory, since the process began. Linux. */
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

interface LogLine {
  msg?: string;
  path?: string;
  scan?: Record<string, number>;
}

async function endAndRead(server: ServerProcess): Promise<LogLine[]> {
  const { status, stdout } = await server.end('SIGTERM');
  expect(status).toBe(0);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LogLine);
}

const unreadable = (log: LogLine[]) =>
  log.filter(({ msg }) => msg === 'could not read a library file').map(({ path }) => path);

/** The longest wait for /healthz, and the whole time, until there are two problems. */
async function scanTimes(server: ServerProcess): Promise<{ longest: number; whole: number }> {
  const startedAt = performance.now();
  let longest = 0;
  const isScanned = async () => {
    const askedAt = performance.now();
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    longest = Math.max(longest, performance.now() - askedAt);
    const { fileCount, problems } = await libraryOf(server);
    return fileCount === 2 && problems.length === 2;
  };
  await waitFor(isScanned, { timeoutMs: SCAN_MS, what: 'the library to be scanned' });
  return { longest, whole: performance.now() - startedAt };
}

it('answers while it scans hostile files, loses a reader, and reads them once, over restarts too', async () => {
  const values = join(music, 'values.mp3');
  const first = await startServer(env);
  const before = await peakBytes(first.pid);
  const scanned = scanTimes(first);
  const reader = await waitFor(async () => (await pidsReading(values))[0], {
    timeoutMs: SCAN_MS,
    what: 'a process that reads',
  });
  expect(reader).not.toBe(first.pid);
  process.kill(reader, 'SIGKILL');

  const { longest, whole } = await scanned;
  expect(longest).toBeLessThan(whole / 2);
  expect((await peakBytes(first.pid)) - before).toBeLessThan(100 * MB);
  expect((await libraryOf(first)).problems).toEqual([
    { path: join(music, 'text.mp3'), problem: 'Its tags are larger than 24 MB.' },
    { path: values, problem: expect.stringMatching(/too much memory/) as string },
  ]);
  expect(unreadable(await endAndRead(first)).sort()).toEqual([join(music, 'text.mp3'), values]);

  await writeTaggedMp3(join(music, 'zz-last.mp3'), [titled('Last')]);
  const second = await startServer({ ...env, LOG_LEVEL: 'debug' });
  await waitFor(async () => (await libraryOf(second)).fileCount === 3, {
    timeoutMs: SCAN_MS,
    what: 'the new file to be indexed',
  });
  const { problems } = await libraryOf(second);
  const log = await endAndRead(second);
  expect(problems).toHaveLength(2);
  expect(unreadable(log)).toEqual([]);
  const scan = log.find(({ msg }) => msg === 'library scanned')?.scan;
  expect(scan).toMatchObject({ added: 1, changed: 0, unchanged: 4, unreadable: 2 });
});
