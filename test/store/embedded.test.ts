import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/lib/logger.js';
import {
  EmbeddedDatabaseError,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/embedded-postgres/start-embedded-postgres.js';
import { isRunning } from '../../src/embedded-postgres/pid-file.js';
import { canGiveUsers } from '../kit/child-programs.js';
import { startEmbeddedProcess, type EmbeddedProcess } from '../kit/embedded-process.js';
import { waitFor } from '../kit/wait-for.js';

const log = createLogger('silent');
const isRoot = process.getuid?.() === 0;

let dataDir: string;
let servers: EmbeddedPostgres[];
let processes: { kill(): Promise<void> }[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'reprise-embedded-'));
  servers = [];
  processes = [];
});

afterEach(async () => {
  await Promise.all(processes.map((one) => one.kill()));
  await Promise.all(servers.map((server) => server.stop()));
  // Takes over and stops what a killed process left behind.
  if (existsSync(join(dataDir, 'postgres', 'postmaster.pid'))) await (await start()).stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(logger = log): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log: logger });
  servers.push(server);
  return server;
}

function startProcess(
  directory = dataDir,
  options: SpawnOptions & { passwd?: string } = {},
): EmbeddedProcess {
  const started = startEmbeddedProcess(directory, options);
  processes.push(started);
  return started;
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

function readPid(): number {
  return parseInt(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10);
}

function socketDirectoryOf(url: string): string {
  return new URL(url).searchParams.get('host') ?? '';
}

describe('an embedded database', () => {
  it('is created at the first start and keeps its data for the second', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS value');
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 42 }]);
    expect(second.url).toBe(first.url);
  });

  it('is UTF-8, sorts alike everywhere, keeps what it acknowledged, and listens on nothing but its socket', async () => {
    const { url } = await start();
    const [settings] = await query(
      url,
      `SELECT current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync, datlocprovider,
              current_setting('synchronous_commit') AS commit, current_setting('listen_addresses') AS addresses,
              datlocale, current_setting('timezone') AS timezone
         FROM pg_database WHERE datname = current_database()`,
    );
    expect(settings).toEqual({
      encoding: 'UTF8',
      fsync: 'on',
      commit: 'on',
      addresses: '',
      datlocprovider: 'b',
      datlocale: 'C.UTF-8',
      timezone: 'UTC',
    });
  });

  it('has its socket and its data in directories that no other user may enter', async () => {
    const { url } = await start();
    expect(statSync(socketDirectoryOf(url)).mode & 0o777).toBe(0o700);
    expect(statSync(join(dataDir, 'postgres')).mode & 0o777).toBe(0o700);
  });

  it('leaves neither process nor socket behind when it is stopped', async () => {
    const server = await start();
    const pid = readPid();
    await server.stop();
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(socketDirectoryOf(server.url))).toBe(false);
    expect(readdirSync(dataDir)).toEqual(['postgres']);
  });

  it('works in a directory that is too deep for a socket', async () => {
    const deep = join(dataDir, 'd'.repeat(120), 'data');
    const server = await startEmbeddedPostgres({ dataDir: deep, log });
    servers.push(server);
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.runIf(isRoot)(
    'runs as another user when started by root, below directories that are closed to that user',
    async () => {
      chmodSync(dataDir, 0o700);
      const { url } = await start();
      expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(statSync(join(dataDir, 'postgres')).uid).not.toBe(0);
      expect(statSync(`/proc/${readPid()}`).uid).not.toBe(0);
    },
  );

  it.runIf(isRoot)('runs for a user who is not root', async () => {
    const mine = join(dataDir, 'mine');
    chmodSync(dataDir, 0o755);
    mkdirSync(mine);
    chownSync(mine, 65_534, 65_534);
    const child = startProcess(mine, { uid: 65_534, gid: 65_534, env: { ...process.env, HOME: mine } });
    const { url } = await child.until('up');
    expect(url).toContain('host=');
    child.tell('stop');
    await child.until('stopped');
  });

  it('rejects a data directory of another PostgreSQL version and says what to do', async () => {
    const server = await start();
    await server.stop();
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '16\n');
    await expect(start()).rejects.toThrow(/was created by PostgreSQL 16.*PostgreSQL 18.*DATA_DIR/s);
  });

  it('never puts PostgreSQL’s own lines on standard output', async () => {
    const lines: Record<string, unknown>[] = [];
    const logger = pino(
      { level: 'debug' },
      { write: (line: string) => lines.push(JSON.parse(line) as never) },
    );
    const { url } = await start(logger);
    await query(url, `DO $$ BEGIN RAISE WARNING 'careful'; END $$`);
    await waitFor(() =>
      lines.some((line) => String(line['postgres']).includes('careful') && line['level'] === 40),
    );
  });
});

describe.runIf(isRoot)('a server that root has started', () => {
  const NOBODY = 65_534;
  const cluster = () => join(dataDir, 'postgres');

  /** What another program of that user gets. */
  async function connectAs(uid: number, url: string): Promise<string> {
    const program = `
      const client = new (require('pg').Client)({ connectionString: process.argv[1] });
      client.connect().then(() => client.query('SELECT 1'))
        .then(() => 'connected', (error) => error.code)
        .then((said) => { process.stdout.write(said); process.exit(); });`;
    const child = spawn(process.execPath, ['-e', program, url], {
      uid,
      gid: uid,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close');
    return said;
  }

  /** As Reprise made it before: of nobody, and open to whoever reaches the socket. */
  function makeOld(): void {
    writeFileSync(join(cluster(), 'pg_hba.conf'), 'local all all trust\n');
    spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, cluster()]);
  }

  it('lets in root, but neither nobody nor a process of its own user', async () => {
    const { url } = await start();
    const { uid } = statSync(`/proc/${readPid()}`);
    expect(uid).not.toBe(NOBODY);
    expect(await connectAs(0, url)).toBe('connected');
    expect(await connectAs(NOBODY, url)).toBe('EACCES');
    expect(await connectAs(uid, url)).toBe('28000');
  });

  describe.runIf(canGiveUsers())('on a machine with other users', () => {
    const NOBODY_LINE = `nobody:x:${NOBODY}:${NOBODY}::/:/bin/false`;

    /** Starts it where these users exist beside root; the user of the server. */
    async function startAmong(
      lines: readonly string[],
    ): Promise<{ url: string; uid: number; logged: string[] }> {
      const passwd = join(dataDir, 'passwd');
      writeFileSync(passwd, ['root:x:0:0::/root:/bin/sh', ...lines, ''].join('\n'));
      chmodSync(dataDir, 0o755);
      const child = startProcess(dataDir, { passwd });
      const { url } = await child.until('up');
      return { url, uid: statSync(`/proc/${readPid()}`).uid, logged: child.logged };
    }

    it('runs as the user "reprise" if there is one, whom it does not let in', async () => {
      const { url, uid, logged } = await startAmong([NOBODY_LINE, 'reprise:x:4242:4243::/:/bin/false']);
      expect(uid).toBe(4_242);
      expect(statSync(cluster())).toMatchObject({ uid: 4_242, gid: 4_243 });
      expect(await connectAs(0, url)).toBe('connected');
      expect(await connectAs(4_242, url)).toBe('28000');
      expect(await connectAs(NOBODY, url)).toBe('EACCES');
      expect(logged).toEqual([]);
    });

    it('runs as "nobody" if no user id is free, and warns, but does not let it in', async () => {
      const taken = Array.from(
        { length: 1_000 },
        (_, n) => `u${n}:x:${60_500 + n}:${60_500 + n}::/:/bin/false`,
      );
      const { url, uid, logged } = await startAmong([NOBODY_LINE, ...taken]);
      expect(uid).toBe(NOBODY);
      expect(logged).toEqual([expect.stringContaining('a user that other programs may share')]);
      expect(await connectAs(0, url)).toBe('connected');
      expect(await connectAs(NOBODY, url)).toBe('28000');
      expect(await connectAs(4_242, url)).toBe('EACCES');
    });
  });

  it('takes an old directory of nobody over, with its data', async () => {
    const first = await start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS value');
    await first.stop();
    makeOld();
    const socket = socketDirectoryOf(first.url);
    mkdirSync(socket, { mode: 0o700 });
    chownSync(socket, NOBODY, NOBODY);
    const second = await start();
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 42 }]);
    expect(statSync(cluster()).uid).not.toBe(NOBODY);
    expect(statSync(join(cluster(), 'base', '1')).uid).toBe(statSync(cluster()).uid);
    expect(await connectAs(NOBODY, second.url)).toBe('EACCES');
  });

  it('closes a running old server that it takes over', async () => {
    const child = startProcess();
    const { url } = await child.until('up');
    await child.kill();
    const { uid } = statSync(cluster());
    writeFileSync(join(cluster(), 'pg_hba.conf'), 'local all all trust\n');
    process.kill(readPid(), 'SIGHUP');
    await waitFor(async () => (await connectAs(uid, url)) === 'connected', { what: 'the server to be open' });
    const server = await start();
    await waitFor(async () => (await connectAs(uid, url)) === '28000', { what: 'the server to be closed' });
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a second process on the same directory', () => {
  it('is rejected with the remedy, while the first continues', async () => {
    const first = startProcess();
    const { url } = await first.until('up');
    const failure = await start().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EmbeddedDatabaseError);
    expect((failure as Error).message).toMatch(
      new RegExp(`is in use by reprise, process ${first.process.pid} on .*DATA_DIR.*DATABASE_URL`),
    );
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is rejected also in the same process', async () => {
    const { url } = await start();
    await expect(start()).rejects.toThrow('is in use');
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('loses when three start at once on a fresh directory, and the winner works', async () => {
    const all = [startProcess(), startProcess(), startProcess()];
    const said = await Promise.all(all.map((one) => one.until('up', 'refused')));
    const winner = all[said.findIndex(({ event }) => event === 'up')];
    expect(said.map(({ event }) => event).sort()).toEqual(['refused', 'refused', 'up']);
    winner?.tell('write');
    await winner?.until('acknowledged');
    winner?.tell('stop');
    await winner?.until('stopped');
    expect(readdirSync(dataDir)).toEqual(['postgres']);
  });
});

describe('after the process was killed', () => {
  it('takes over the server that survived, with every acknowledged write', async () => {
    const child = startProcess();
    await child.until('up');
    child.tell('write');
    await waitFor(() => child.said.length > 200);
    await child.kill();
    const pid = readPid();
    const server = await start();
    expect(readPid()).toBe(pid);
    const acknowledged = Math.max(
      ...child.said.map((said) => (said.event === 'acknowledged' ? said.number : 0)),
    );
    const [row] = await query<{ count: number }>(server.url, 'SELECT count(*)::int AS count FROM number');
    expect(row?.count).toBeGreaterThanOrEqual(acknowledged);
    await server.stop();
    expect(isRunning(pid)).toBe(false);
  });

  it('recovers when the server was killed too, with every acknowledged write', async () => {
    const child = startProcess();
    await child.until('up');
    child.tell('write');
    await waitFor(() => child.said.length > 200);
    process.kill(readPid(), 'SIGKILL');
    await child.kill();
    const server = await start();
    const acknowledged = Math.max(
      ...child.said.map((said) => (said.event === 'acknowledged' ? said.number : 0)),
    );
    const [row] = await query<{ count: number }>(server.url, 'SELECT count(*)::int AS count FROM number');
    expect(row?.count).toBeGreaterThanOrEqual(acknowledged);
  });

  it('starts although the pid it left now belongs to another program', async () => {
    const first = await start();
    await first.stop();
    const { uid, gid } = statSync(join(dataDir, 'postgres'));
    const other = spawn('sleep', ['600'], { uid, gid });
    processes.push(asKillable(other));
    leaveStaleFiles(first, other.pid ?? 0);
    const second = await start();
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(other.exitCode).toBeNull();
  });

  it('starts when the pid it left is its own, or unused', async () => {
    const first = await start();
    await first.stop();
    leaveStaleFiles(first, process.pid);
    const second = await start();
    await second.stop();
    leaveStaleFiles(first, 4_194_000);
    expect(await query((await start()).url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  function leaveStaleFiles({ url }: EmbeddedPostgres, pid: number): void {
    const socket = socketDirectoryOf(url);
    const { uid, gid } = statSync(join(dataDir, 'postgres'));
    const text = `${pid}\n${join(dataDir, 'postgres')}\n1700000000\n5432\n${socket}\n\n  1234567 0\nready   \n`;
    mkdirSync(socket, { recursive: true, mode: 0o700 });
    chownSync(socket, uid, gid);
    for (const path of [join(dataDir, 'postgres', 'postmaster.pid'), join(socket, '.s.PGSQL.5432.lock')]) {
      writeFileSync(path, text, { mode: 0o600 });
      chownSync(path, uid, gid);
    }
  }
});

describe('a server that ends by itself', () => {
  it('is reported with its last log lines and started again', async () => {
    const lines: string[] = [];
    const server = await start(pino({ level: 'error' }, { write: (line: string) => void lines.push(line) }));
    const pid = readPid();
    process.kill(pid, 'SIGKILL');
    await waitFor(() => query(server.url, 'SELECT 1'), { what: 'the server to answer again' });
    expect(readPid()).not.toBe(pid);
    expect(lines.join('')).toContain('embedded database ended unexpectedly');
    expect(lines.join('')).toContain('SIGKILL');
  });

  it('is started again when that failed at first', async () => {
    const lines: string[] = [];
    const server = await start(pino({ level: 'error' }, { write: (line: string) => void lines.push(line) }));
    const control = join(dataDir, 'postgres', 'global', 'pg_control');
    renameSync(control, `${control}.away`);
    process.kill(readPid(), 'SIGKILL');
    await waitFor(() => lines.join('').includes('did not start again'), { what: 'a start that fails' });
    renameSync(`${control}.away`, control);
    await waitFor(() => query(server.url, 'SELECT 1'), { what: 'the server to answer again' });
  });

  it('keeps its lock when only its sessions were cut', async () => {
    const { url } = await start();
    await query(url, 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()');
    await waitFor(async () => {
      const [row] = await query<{ held: number }>(
        url,
        `SELECT count(*)::int AS held FROM pg_locks WHERE locktype = 'advisory'`,
      );
      return row?.held === 1;
    });
    await expect(start()).rejects.toThrow('is in use');
  });

  it('stays down after it has crashed four times, and says so', async () => {
    const lines: string[] = [];
    await start(pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }));
    const count = (text: string) => lines.filter((line) => line.includes(text)).length;
    for (let crash = 1; crash <= 3; crash++) {
      process.kill(readPid(), 'SIGKILL');
      await waitFor(() => count('embedded database restarted') === crash, { what: `recovery ${crash}` });
    }
    process.kill(readPid(), 'SIGKILL');
    await waitFor(() => count('could not restart the embedded database') === 1, { what: 'it to give up' });
  });
});

function asKillable(child: ChildProcess): { kill(): Promise<void> } {
  return {
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
