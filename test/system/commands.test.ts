import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCommand, UsageError } from '../../src/commands.js';
import { createEmptyDatabase, createTestDatabase, withDatabase, type TestDatabase } from '../kit/database.js';
import { createFaultyDisk, hasCompiler } from '../kit/faulty-disk.js';
import { runServer, startServer } from '../kit/server-process.js';

let root: string;
let databases: TestDatabase[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reprise-doctor-test-'));
  mkdirSync(join(root, 'tmp'));
  databases = [];
});
afterEach(async () => {
  await Promise.all(databases.map((database) => database.drop()));
  rmSync(root, { recursive: true, force: true });
});

const placesIn = () => ({ DATA_DIR: join(root, 'data'), DOWNLOAD_DIR: join(root, 'downloads') });
const run = (args: string[], env: Record<string, string> = {}) =>
  runServer({ ...placesIn(), ...env }, args).ended;

interface Report {
  ok: boolean;
  checks: { name: string; state: string; message: string }[];
}

/** Without what takes long, unless it is what a test is about: an own database, and no media. */
async function examine(env: Record<string, string> = {}) {
  const usual = env['DATABASE_URL'] === undefined ? { DATABASE_URL: (await makeDatabase()).url } : {};
  const { status, stdout } = await run(['doctor', '--json'], { ROLE: 'api', ...usual, ...env });
  const { ok, checks } = JSON.parse(stdout) as Report;
  expect(status).toBe(ok ? 0 : 1);
  expect(ok).toBe(checks.every(({ state }) => state !== 'failed'));
  return (name: string) =>
    checks.filter((each) => each.name === name).map(({ state, message }) => `${state}: ${message}`);
}

async function makeDatabase(create = createTestDatabase): Promise<TestDatabase> {
  const database = await create();
  databases.push(database);
  return database;
}

describe('the command line', () => {
  it('says what there is', async () => {
    const { status, stdout } = await run(['--help']);
    expect(status).toBe(0);
    for (const name of ['start', 'worker', 'demo [--exit]', 'doctor [--json]', 'reset-password <username>'])
      expect(stdout).toContain(`\n  ${name}: `);
    expect(await run(['doctor', '-h'])).toMatchObject({ status: 0, stdout });
  });

  it('says its version, also where the environment is wrong', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await run(['--version'], { PORT: 'wrong' })).toMatchObject({
      status: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  });

  it.each([
    [['strat'], '"strat" is not a command of reprise.'],
    [['toString'], '"toString" is not a command of reprise.'],
    [['worker', '3'], 'The arguments of "worker" are wrong. Usage: reprise worker'],
    [
      ['reset-password'],
      'The arguments of "reset-password" are wrong. Usage: reprise reset-password <username>',
    ],
    [
      ['reset-password', 'a', 'b'],
      'The arguments of "reset-password" are wrong. Usage: reprise reset-password <username>',
    ],
    [['doctor', '--xml'], 'The arguments of "doctor" are wrong. Usage: reprise doctor [--json]'],
  ])('does not take %j for a command', (words, message) => {
    expect(() => findCommand(words)).toThrow(UsageError);
    expect(() => findCommand(words)).toThrow(message);
  });

  it('refuses a mistake with status 64 and what is allowed, and opens nothing', async () => {
    const { status, stdout, stderr } = await run(['strat']);
    expect([status, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(/^"strat" is not a command of reprise\.\n\nUsage: reprise \[command\]/);
    expect(readdirSync(root)).toEqual(['tmp']);
  });

  it('starts a worker, whatever ROLE says', async () => {
    const { status, stderr } = await run(['worker'], { ROLE: 'api' });
    expect([status, stderr]).toEqual([78, expect.stringContaining('ROLE: "worker" requires DATABASE_URL')]);
  });
});

describe('doctor', () => {
  it('finds that a machine has what is needed, and leaves nothing behind', async () => {
    const { status, stdout } = await run(['doctor'], { TMPDIR: join(root, 'tmp') });
    expect(stdout.split('\n').filter((line) => !line.startsWith('ok '))).toEqual([
      '',
      'Reprise has what it needs.',
      '',
    ]);
    for (const name of [
      'Node',
      'DATA_DIR',
      'DOWNLOAD_DIR',
      'embedded database',
      'ffmpeg',
      'formats',
      'tags',
      'PORT',
    ])
      expect(stdout).toMatch(new RegExp(`^ok +${name}: `, 'm'));
    expect(status).toBe(0);
    expect(readdirSync(root)).toEqual(['tmp']);
    expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  });

  it('tells all mistakes of the environment at once', async () => {
    const { status, stdout } = await run(['doctor'], {
      ...{ PORT: 'ninety', UI_DIR: root, HTTP_PROXY: 'http://[hunter2' },
      DATABASE_URL: 'postgresql://reprise:hunter2#x@localhost/reprise',
    });
    const failures = stdout.split('\n').filter((line) => line.startsWith('failed'));
    expect(failures).toEqual([
      expect.stringContaining('PORT: "ninety" is invalid'),
      expect.stringContaining('HTTP_PROXY is invalid'),
      expect.stringContaining('DATABASE_URL is invalid: percent-encode'),
      expect.stringContaining('UI_DIR: "'),
    ]);
    expect([status, stdout.includes('hunter2')]).toEqual([1, false]);
  });

  it('tells a port that another program has from one where Reprise answers', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const found = await examine({ PORT: String(port) });
    other.close();
    expect(found('PORT')).toEqual([
      expect.stringMatching(/^failed: .*another program uses this port; stop it, or set PORT/),
    ]);
    const server = await startServer({
      ...placesIn(),
      ROLE: 'api',
      DATABASE_URL: (await makeDatabase()).url,
    });
    const again = await examine({ PORT: new URL(server.url).port });
    await server.end('SIGTERM');
    expect(again('PORT')).toEqual([expect.stringMatching(/^ok: Reprise already answers/)]);
  });

  it('tells directories that cannot be used', async () => {
    symlinkSync(join(root, 'unmounted'), join(root, 'nas'));
    mkdirSync(join(root, 'empty'));
    const LIBRARY_DIRS = [join(root, 'gone'), join(root, 'empty'), root].join(':');
    const found = await examine({
      ROLE: 'worker',
      DOWNLOAD_DIR: join(root, 'nas'),
      DOWNLOAD_ROOTS: '/proc',
      LIBRARY_DIRS,
    });
    expect(found('DOWNLOAD_DIR')).toEqual([
      expect.stringMatching(/^failed: .*nas" is a link that leads nowhere; mount/),
    ]);
    expect(found('DOWNLOAD_ROOTS')).toEqual([
      expect.stringMatching(/^failed: The directory "\/proc" cannot be written/),
    ]);
    expect(found('LIBRARY_DIRS')).toEqual([
      expect.stringMatching(/^warning: .*gone" is missing; Reprise starts without it/),
      expect.stringMatching(/^warning: .*empty" is empty/),
      expect.stringMatching(/^ok: /),
    ]);
  });

  it.skipIf(!hasCompiler())('tells what the disk of the downloads refuses', async () => {
    const downloads = join(root, 'downloads');
    mkdirSync(downloads);
    const disk = createFaultyDisk(downloads);
    try {
      disk.fail({ link: 'EOPNOTSUPP' });
      const weak = await examine({ ROLE: 'worker', ...disk.env });
      expect(weak('DOWNLOAD_DIR')).toEqual([
        expect.stringMatching(/^warning: .*refuses hard links \((?:EOPNOTSUPP|ENOTSUP)\)/),
      ]);
      disk.fail({ 'open-new': 'EROFS' });
      const closed = await examine({ ROLE: 'worker', ...disk.env });
      expect(closed('DOWNLOAD_DIR')).toEqual([
        expect.stringMatching(/^failed: .*\(EROFS\): it is mounted read-only; mount/),
      ]);
    } finally {
      disk.remove();
    }
    expect(readdirSync(downloads)).toEqual([]);
  });

  it('tells what is wrong with a database, and writes nothing to it', async () => {
    const { url } = await makeDatabase(createEmptyDatabase);
    const fresh = await examine({ DATABASE_URL: url });
    expect(fresh('DATABASE_URL')).toEqual([
      expect.stringMatching(/^ok: .*the next start applies \d+ migrations/),
    ]);
    const own = await examine({ DATABASE_URL: withSchema(url) });
    expect(own('DATABASE_URL')).toEqual([
      expect.stringMatching(/^ok: .*its schema is made by the first start/),
    ]);
    expect(await countTablesAndSchemas(url)).toBe(0);
    const missing = await examine({ DATABASE_URL: withDatabase(url, 'reprise_that_is_missing') });
    expect(missing('DATABASE_URL')).toEqual([
      expect.stringMatching(/^failed: .*does not exist.* Create it, or correct/),
    ]);
  });

  it('tells of a database that a newer version has used, and of one that is up to date', async () => {
    const { url } = await makeDatabase();
    expect((await examine({ DATABASE_URL: url }))('DATABASE_URL')).toEqual([
      expect.stringContaining('up to date'),
    ]);
    await query(
      url,
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '9999_later', now())`,
    );
    expect((await examine({ DATABASE_URL: url }))('DATABASE_URL')).toEqual([
      expect.stringMatching(/^failed: .*"9999_later".* a newer version/),
    ]);
  });

  it('tells of servers that do not answer, without their passwords', async () => {
    const env = {
      DATABASE_URL: 'postgresql://u:hunter2@127.0.0.1:1/x',
      MONGODB_URL: 'mongodb://u:hunter2@127.0.0.1:1/x',
    };
    const found = await examine(env);
    const told = [...found('DATABASE_URL'), ...found('MONGODB_URL')];
    expect(told).toEqual([
      expect.stringMatching(/^failed: .*ECONNREFUSED.* Check the URL, and that the server is up/),
      expect.stringMatching(/^failed: MongoDB does not answer.* Check MONGODB_URL/),
    ]);
    expect(told.join()).not.toContain('hunter2');
  });

  it.skipIf(!process.env['MONGODB_URL'])('tells which MongoDB answers', async () => {
    const found = await examine({ MONGODB_URL: process.env['MONGODB_URL'] ?? '' });
    expect(found('MONGODB_URL')).toEqual([expect.stringMatching(/^ok: MongoDB \d+\.\S+ answers\.$/)]);
  });

  it('tells of a database of another PostgreSQL in DATA_DIR', async () => {
    const { DATA_DIR } = placesIn();
    mkdirSync(join(DATA_DIR, 'postgres'), { recursive: true });
    writeFileSync(join(DATA_DIR, 'postgres', 'PG_VERSION'), '15\n');
    const found = await examine({ ROLE: 'all', DATABASE_URL: '' });
    expect(found('embedded database')).toEqual([
      expect.stringMatching(/^failed: .*created by PostgreSQL 15.* set DATA_DIR/),
    ]);
  });

  it('tells of an ffmpeg that does not run', async () => {
    const none = await examine({ ROLE: 'worker', FFMPEG_PATH: '/bin/false' });
    expect(none('ffmpeg')).toEqual([
      expect.stringMatching(/^failed: The ffmpeg that FFMPEG_PATH names does not run/),
    ]);
  });
});

function withSchema(url: string): string {
  const changed = new URL(url);
  changed.searchParams.set('schema', 'own');
  return changed.href;
}

async function countTablesAndSchemas(url: string): Promise<unknown> {
  return query(
    url,
    `SELECT (SELECT count(*) FROM pg_tables WHERE schemaname = 'public')::int
          + (SELECT count(*) FROM pg_namespace WHERE nspname IN ('own', 'agenda'))::int AS value`,
  );
}

async function query(url: string, statement: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ value: unknown }>(statement);
    return rows[0]?.value;
  } finally {
    await client.end();
  }
}
