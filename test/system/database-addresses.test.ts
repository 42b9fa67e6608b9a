import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createEmptyDatabase, createTestDatabase, runOn, type TestDatabase } from '../kit/database.js';
import { pgbouncer, startPool } from '../kit/pgbouncer.js';
import { runServer, startServer } from '../kit/server-process.js';
import { ended, queue } from '../kit/story.js';

let database: TestDatabase;
let root: string;
let role: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'reprise-address-'));
  database = await createEmptyDatabase();
  role = `r_${new URL(database.url).pathname.slice(1, 20)}`;
  await runOn(database.url, `CREATE ROLE ${role}`);
});
afterEach(async () => {
  await database.drop();
  await runOn(inject('databaseUrl'), `DROP ROLE ${role}`);
  rmSync(root, { recursive: true, force: true });
});

const nameOf = (url: string) => new URL(url).pathname.slice(1);
function withParameters(url: string, parameters: Record<string, string>): string {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(parameters)) changed.searchParams.set(name, value);
  return changed.href;
}

/** The session's rights and search path are those of the role, as if it had signed in. */
const asRole = () => withParameters(database.url, { options: `-c role=${role}` });

const envOf = (url: string) => ({
  DATABASE_URL: url,
  DATA_DIR: join(root, 'data'),
  DOWNLOAD_DIR: join(root, 'downloads'),
});

async function listTables(): Promise<string[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    const { rows } = await client.query<{ schema: string }>(
      `SELECT DISTINCT schemaname AS schema FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    );
    return rows.map(({ schema }) => schema);
  } finally {
    await client.end();
  }
}

describe('a schema of one’s own', () => {
  it.each<[string, () => Promise<string>, () => string]>([
    [
      'named in the URL, not made yet',
      () => Promise.resolve(withParameters(database.url, { schema: 'My own' })),
      () => 'My own',
    ],
    [
      'first in the search path of the URL',
      async () => {
        await runOn(database.url, 'CREATE SCHEMA own');
        return withParameters(database.url, { options: '-c search_path=own' });
      },
      () => 'own',
    ],
    [
      'first in the search path of the database, with extensions elsewhere',
      async () => {
        await runOn(
          database.url,
          `CREATE SCHEMA own; CREATE SCHEMA parts; CREATE EXTENSION pg_trgm SCHEMA parts;
           ALTER DATABASE ${nameOf(database.url)} SET search_path = own, parts`,
        );
        return database.url;
      },
      () => 'own',
    ],
    [
      'named like the role',
      async () => {
        await runOn(
          database.url,
          `ALTER DATABASE ${nameOf(database.url)} OWNER TO ${role}; CREATE SCHEMA ${role} AUTHORIZATION ${role}`,
        );
        return asRole();
      },
      () => role,
    ],
  ])('%s: all tables are in it, and downloads work', async (_where, prepare, schemaOf) => {
    const env = envOf(await prepare());
    const server = await startServer(env);
    const task = await ended(server, await queue(server, { item: 'demo:night-ferry-1-01' }));
    expect(task).toMatchObject({ state: 'COMPLETED', attempt: 1 });
    expect((await server.end('SIGTERM')).status).toBe(0);
    const schema = schemaOf();
    expect(await listTables()).toEqual([schema, `${schema}_agenda`].sort());
    const again = await startServer(env);
    expect((await again.end('SIGTERM')).status).toBe(0);
  });
});

/** It ends with status 78 and one line, and has written nothing. */
async function refusal(url: string): Promise<string> {
  const { status, stdout, stderr } = await runServer(envOf(url)).ended;
  expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  return stderr.trimEnd();
}

describe('a database that Reprise cannot work in is refused before anything is written, in one line', () => {
  it.each<[string, () => Promise<string>, RegExp]>([
    [
      'without the right to make tables',
      () => Promise.resolve(asRole()),
      /may not create tables in the schema "public"; .*ALTER DATABASE .* OWNER TO .*;$/,
    ],
    [
      'without the right to make an extension',
      async () => {
        await runOn(database.url, `GRANT CREATE ON SCHEMA public TO ${role}`);
        return asRole();
      },
      /may not create the extension "pg_trgm"; .*ALTER DATABASE .* OWNER TO .*;$/,
    ],
    [
      'without the right to make the schema that its URL names',
      () => Promise.resolve(withParameters(asRole(), { schema: 'other' })),
      /"other".* does not exist, and the role .* CREATE SCHEMA "?other"? AUTHORIZATION/,
    ],
    [
      'with a search path that leads nowhere',
      () => Promise.resolve(withParameters(database.url, { options: '-c search_path=gone' })),
      /search path .*\(gone\) names no schema that exists.*CREATE SCHEMA/,
    ],
    [
      'with a role of too few connections',
      async () => {
        await runOn(database.url, `ALTER ROLE ${role} CONNECTION LIMIT 12`);
        return asRole();
      },
      /allows 12 connections; each process of Reprise needs up to 30\. Raise/,
    ],
    [
      'of too few connections',
      async () => {
        await runOn(database.url, `ALTER DATABASE ${nameOf(database.url)} CONNECTION LIMIT 12`);
        return asRole();
      },
      /allows 12 connections; .*CONNECTION LIMIT of the role .* or the database/,
    ],
    [
      'that is read-only',
      () => Promise.resolve(withParameters(database.url, { options: '-c default_transaction_read_only=on' })),
      /is read-only: a standby, or .*primary server/,
    ],
    [
      'that does not exist',
      () => Promise.resolve(database.url.replace(nameOf(database.url), 'no_such_database')),
      /database "no_such_database" does not exist\. Create it/,
    ],
  ])('%s', async (_what, prepare, expected) => {
    expect(await refusal(await prepare())).toMatch(expected);
    expect(await listTables()).toEqual([]);
  });

  it('with tables of a role whose rights the role does not have', async () => {
    const other = await createTestDatabase();
    try {
      const url = withParameters(other.url, { options: `-c role=${role}` });
      expect(await refusal(url)).toMatch(/may not use the tables .*, which belong to ".+"; use that role/);
    } finally {
      await other.drop();
    }
  });

  it('with another encoding than UTF-8', async () => {
    const name = `ascii_${nameOf(database.url)}`;
    const server = inject('databaseUrl');
    await runOn(
      server,
      `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C'`,
    );
    try {
      const url = new URL(server);
      url.pathname = `/${name}`;
      expect(await refusal(url.href)).toMatch(/has the encoding SQL_ASCII; Reprise needs UTF8.*template0/);
    } finally {
      await runOn(server, `DROP DATABASE ${name}`);
    }
  });

  it('whose password is not percent-encoded, of which nothing is shown', async () => {
    const line = await refusal('postgresql://reprise:abc#def@127.0.0.1:1/x');
    expect(line).toMatch(/^DATABASE_URL is invalid: percent-encode .*"#" as %23/);
    expect(line).not.toMatch(/abc|def/);
  });
});

/** What comes before TLS in PostgreSQL's protocol: the server agrees, or says that it has none. */
async function startTlsServer(answer: 'S' | 'N'): Promise<{ url: string; close(): void }> {
  const files = { key: join(root, 'key.pem'), cert: join(root, 'cert.pem') };
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-keyout', files.key, '-out', files.cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { stdio: 'ignore' });
  const [key, cert] = [readFileSync(files.key), readFileSync(files.cert)];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(answer);
      if (answer === 'S') new TLSSocket(socket, { isServer: true, key, cert }).on('error', () => undefined);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `postgresql://me:hunter2@localhost:${port}/x`, close: () => void server.close() };
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!hasOpenssl())('TLS (needs openssl for a certificate)', () => {
  it.each(['require', 'prefer', 'verify-ca', 'verify-full'])(
    'with a self-signed certificate is refused for sslmode=%s with both remedies, in one line',
    async (sslmode) => {
      const server = await startTlsServer('S');
      const line = await refusal(withParameters(server.url, { sslmode })).finally(server.close);
      expect(line).toMatch(/self-signed certificate.*sslrootcert=.*sslmode=no-verify/);
      expect(line).not.toContain('hunter2');
    },
  );

  it('that the server does not have is refused with the remedy', async () => {
    const server = await startTlsServer('N');
    const line = await refusal(withParameters(server.url, { sslmode: 'require' })).finally(server.close);
    expect(line).toMatch(/does not support SSL connections.*sslmode=disable/);
  });
});

const isLocalSocket = () => new URL(inject('databaseUrl')).searchParams.has('host');
const PASSED_ON = 'extra_float_digits,options,statement_timeout,idle_in_transaction_session_timeout';

describe.skipIf(pgbouncer === undefined || isLocalSocket())(
  'a PgBouncer (needs one, and DATABASE_URL with a port)',
  () => {
    it.each([
      ['in its usual configuration', ['pool_mode = transaction']],
      ['that passes all parameters', ['pool_mode = transaction', `ignore_startup_parameters = ${PASSED_ON}`]],
    ])('in transaction mode %s is refused', async (_how, lines) => {
      const pool = await startPool(database.url, lines);
      const line = await refusal(pool.url).finally(pool.stop);
      expect(line).toMatch(/A connection pooler .*PostgreSQL server itself, or a pool in session mode\.$/);
      expect(await listTables()).toEqual([]);
    });

    it('in session mode works', async () => {
      const lines = ['pool_mode = session', `ignore_startup_parameters = ${PASSED_ON}`];
      const pool = await startPool(database.url, lines);
      try {
        const server = await startServer(envOf(pool.url));
        const task = await ended(server, await queue(server, { item: 'demo:night-ferry-1-01' }));
        expect(task).toMatchObject({ state: 'COMPLETED' });
        await server.end('SIGTERM');
      } finally {
        await pool.stop();
      }
    });
  },
);

describe.skipIf(isLocalSocket())(
  'a server that has no connection left (needs DATABASE_URL with a port)',
  () => {
    it('is named as the cause, with the number that a process needs', async () => {
      await runOn(database.url, `ALTER ROLE ${role} LOGIN CONNECTION LIMIT 31`);
      await runOn(database.url, `ALTER DATABASE ${nameOf(database.url)} OWNER TO ${role}`);
      const url = new URL(database.url);
      url.username = role;
      const others = Array.from({ length: 31 }, () => new pg.Client({ connectionString: url.href }));
      await Promise.all(others.map((client) => client.connect()));
      try {
        expect(await refusal(url.href)).toMatch(/no connection left; each process of Reprise needs up to 30/);
      } finally {
        await Promise.all(others.map((client) => client.end()));
      }
    });
  },
);
