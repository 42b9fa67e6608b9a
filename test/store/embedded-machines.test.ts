import { spawnSync, type SpawnOptions } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/embedded-postgres/start-embedded-postgres.js';
import { createLogger } from '../../src/lib/logger.js';
import { startEmbeddedProcess, type EmbeddedProcess } from '../kit/embedded-process.js';
import { waitFor } from '../kit/wait-for.js';

const log = createLogger('silent');
const isRoot = process.getuid?.() === 0;
/** That no machine has a name for. */
const NAMELESS = 4_123_456;

let dataDir: string;
let servers: EmbeddedPostgres[];
let processes: EmbeddedProcess[];
const cluster = () => join(dataDir, 'postgres');
const modeOf = (path: string) => statSync(path).mode & 0o7777;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'reprise-machines-'));
  [servers, processes] = [[], []];
});
afterEach(async () => {
  await Promise.all(processes.map((one) => one.kill()));
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log });
  servers.push(server);
  return server;
}

async function answer(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ one: number }>('SELECT 1 AS one')).rows[0]?.one;
  } finally {
    await client.end();
  }
}

function startAs(uid: number, options: SpawnOptions = {}): EmbeddedProcess {
  chmodSync(dataDir, 0o755);
  const env = { ...process.env, HOME: dataDir };
  const started = startEmbeddedProcess(dataDir, { uid, gid: 0, env, ...options });
  processes.push(started);
  return started;
}

async function refusal(started: EmbeddedProcess): Promise<string> {
  const said = await started.until('up', 'refused');
  expect(said.event).toBe('refused');
  const { message } = said as { message: string };
  expect(message.split('\n')).toHaveLength(1);
  return message;
}

describe('the directory of the embedded database', () => {
  it.each([
    ['a group may write to, as fsGroup of Kubernetes has it', 0o2770],
    ['everyone may write to', 0o777],
  ])('that %s is closed again, and the database starts', async (_who, mode) => {
    await (await start()).stop();
    chmodSync(cluster(), mode);
    expect(await answer((await start()).url)).toBe(1);
    expect(modeOf(cluster()) & 0o777).toBe(0o700);
  });

  it('starts after the owner has opened all of it, DATA_DIR and programs included', async () => {
    await (await start()).stop();
    spawnSync('chmod', ['-R', '777', dataDir]);
    expect(await answer((await start()).url)).toBe(1);
    expect(modeOf(cluster())).toBe(0o700);
  });

  it.runIf(isRoot)('of another user is refused with the command, also where everyone may write', async () => {
    await (await start()).stop();
    const { uid } = statSync(cluster());
    for (const mode of [0o755, 0o777]) {
      const started = startAs(NAMELESS);
      chmodSync(dataDir, mode);
      expect(await refusal(started)).toBe(
        `The database in "${dataDir}" belongs to uid ${uid}, and Reprise runs as uid ${NAMELESS}. Run: chown -R ${NAMELESS}:0 "${dataDir}", or start Reprise as the user that made it.`,
      );
    }
    expect(await answer((await start()).url)).toBe(1);
  });

  it.runIf(isRoot)('that its user may not write to is refused with the command', async () => {
    expect(await refusal(startAs(NAMELESS))).toBe(
      `DATA_DIR "${dataDir}" cannot be used by uid ${NAMELESS} (EACCES); it belongs to uid 0. Run: chown -R ${NAMELESS}:0 "${dataDir}"`,
    );
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

describe.runIf(isRoot)('a user id without a name', () => {
  const canMap = () =>
    spawnSync('unshare', ['--user', '--map-user=1', '--map-group=1', 'true'], { uid: NAMELESS, gid: 0 })
      .status === 0;
  const hasWrapper = () => existsSync('/usr/lib/x86_64-linux-gnu/libnss_wrapper.so');

  it('starts where it may have a namespace of users or nss_wrapper, else is told what to do', async () => {
    chownSync(dataDir, NAMELESS, 0);
    const started = startAs(NAMELESS);
    if (!canMap() && !hasWrapper()) {
      expect(await refusal(started)).toMatch(
        /uid 4123456, which has no line in \/etc\/passwd: add one .*DATABASE_URL/,
      );
      return;
    }
    const { url } = await started.until('up');
    expect(url).toContain('host=');
    expect(statSync(cluster()).uid).toBe(NAMELESS);
    started.tell('stop');
    await started.until('stopped');
    const again = startAs(NAMELESS);
    await again.until('up');
    again.tell('stop');
    await again.until('stopped');
  });

  it.skipIf(hasWrapper())('is told what to do where there is neither (not with nss_wrapper)', async () => {
    chownSync(dataDir, NAMELESS, 0);
    // A PATH without "unshare".
    const empty = join(dataDir, 'bin');
    mkdirSync(empty);
    const env = { ...process.env, HOME: dataDir, PATH: empty };
    const started = startAs(NAMELESS, { env });
    expect(await refusal(started)).toMatch(
      /has no line in \/etc\/passwd: add one \("reprise:x:4123456:0:.*DATABASE_URL/,
    );
    expect(readdirSync(dataDir)).toEqual(['bin']);
  });
});

describe('the directory of the socket', () => {
  const socketOf = (url: string) => new URL(url).searchParams.get('host') ?? '';

  it('that somebody has cleaned away is there again while the server runs', async () => {
    const { url } = await start();
    rmSync(socketOf(url), { recursive: true });
    expect(await waitFor(() => answer(url), { timeoutMs: 30_000, what: 'the database to answer' })).toBe(1);
  });

  it('that was cleaned away before a start, from a server that survived its process, does not stop that', async () => {
    const killed = startEmbeddedProcess(dataDir);
    processes.push(killed);
    const { url } = await killed.until('up');
    await killed.kill();
    rmSync(socketOf(url), { recursive: true });
    expect(await answer((await start()).url)).toBe(1);
  });
});

describe.runIf(isRoot)('root that may not become another user', () => {
  it('is refused with what is missing', () => {
    const program = [process.execPath, join(inject('childPrograms'), 'embedded-process.mjs'), dataDir];
    const options = { encoding: 'utf8' as const, input: '' };
    const { stdout } = spawnSync(
      'setpriv',
      ['--bounding-set', '-all', '--inh-caps', '-all', ...program],
      options,
    );
    expect(stdout).toMatch(/"refused".*grant CAP_SETUID, CAP_SETGID, CAP_CHOWN and CAP_KILL/);
  });
});
