import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { pidsWith } from '../kit/audio.js';
import { runServer } from '../kit/server-process.js';
import { waitFor } from '../kit/wait-for.js';

let root: string;
let dataDir: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reprise-early-'));
  dataDir = join(root, 'data');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const isMaking = () =>
  existsSync(dataDir) && readdirSync(dataDir).some((name) => name.startsWith('postgres-new-'));
const pidFile = () => join(dataDir, 'postgres', 'postmaster.pid');
const isStarting = () => existsSync(pidFile());
const isReady = () => isStarting() && readFileSync(pidFile(), 'utf8').includes('ready');
const isMigrating = (printed: string) => printed.includes('migration applied');

const MOMENTS: [string, (printed: string) => boolean][] = [
  ['initdb makes the cluster', isMaking],
  ['PostgreSQL starts', isStarting],
  ['PostgreSQL is ready', isReady],
  ['migrations run', isMigrating],
];

describe('a stop while the program starts', () => {
  it.each(
    MOMENTS.flatMap(([moment, isNow]) =>
      (['SIGTERM', 'SIGINT'] as const).map((signal) => [signal, moment, isNow] as const),
    ),
  )(
    'by %s when %s ends it in order, and leaves nothing running or half made',
    async (signal, _moment, isNow) => {
      const { child, ended } = runServer({ DATA_DIR: dataDir, DOWNLOAD_DIR: join(root, 'downloads') });
      let printed = '';
      child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      await waitFor(() => isNow(printed) || child.exitCode !== null, {
        timeoutMs: 60_000,
        what: 'the moment',
      });
      child.kill(signal);
      expect(await ended).toMatchObject({ status: 0, signal: null, stderr: '' });
      expect(await pidsWith(dataDir)).toEqual([]);
      expect(existsSync(pidFile())).toBe(false);
      expect(readdirSync(dataDir).filter((name) => name !== 'postgres')).toEqual([]);
    },
  );

  it('does not wait for a database that does not answer', async () => {
    const silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const connected = once(silent, 'connection');
    const { port } = silent.address() as AddressInfo;
    const { child, ended } = runServer({
      DATABASE_URL: `postgresql://me@127.0.0.1:${port}/x`,
      DATA_DIR: dataDir,
    });
    await connected;
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ status: 0, signal: null, stderr: '' });
    silent.close();
  });

  it.runIf(process.getuid?.() === 0)('ends it also as process 1 (needs root for a namespace)', async () => {
    const program = [process.execPath, join(inject('childPrograms'), 'server.mjs')];
    const env = {
      PATH: process.env['PATH'],
      DATA_DIR: dataDir,
      DOWNLOAD_DIR: join(root, 'downloads'),
      PORT: '0',
    };
    // The shell becomes process 1 of the namespace, and then the program.
    const script = `echo "$$" > "${join(root, 'pid')}"; exec "$@"`;
    const args = ['--pid', '--fork', '--mount-proc', 'sh', '-c', script, 'sh', ...program];
    const child = spawn('unshare', args, { env, stdio: 'ignore' });
    const ended = once(child, 'close');
    await waitFor(isMaking, { timeoutMs: 60_000, what: 'initdb to run' });
    expect(readFileSync(join(root, 'pid'), 'utf8').trim()).toBe('1');
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
    process.kill(Number(children), 'SIGTERM');
    expect((await ended)[0]).toBe(0);
    expect(await pidsWith(dataDir)).toEqual([]);
    expect(readdirSync(dataDir).filter((name) => name !== 'postgres')).toEqual([]);
  });
});

describe.runIf(existsSync('/proc/self/limits'))('a start with too few file descriptors', () => {
  it('is refused in one line with the remedy', () => {
    const program = [process.execPath, join(inject('childPrograms'), 'server.mjs')];
    const options = { encoding: 'utf8' as const, env: { PATH: process.env['PATH'], DATA_DIR: dataDir } };
    const { status, stdout, stderr } = spawnSync('prlimit', ['--nofile=256:256', ...program], options);
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
    expect(stderr).toMatch(/^Reprise may have 256 files open, and needs 512 or more: .*ulimit -n.*\n$/);
    expect(existsSync(dataDir)).toBe(false);
  });
});
