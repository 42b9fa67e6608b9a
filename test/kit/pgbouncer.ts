import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { waitFor } from './wait-for.js';

/** Not root, as whom it refuses to run. */
const NOBODY = 65_534;

/** Null on a machine without it. */
export const pgbouncer = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  .map((directory) => join(directory, 'pgbouncer'))
  .find((path) => existsSync(path));

interface Pool {
  url: string;
  stop(): Promise<void>;
}

/** A real PgBouncer before the server of a URL with a host and a port, which must let its user in without a password. */
export async function startPool(url: string, lines: readonly string[]): Promise<Pool> {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-pool-'));
  chmodSync(directory, 0o755);
  const { hostname, port, username } = new URL(url);
  const ownPort = String(20_000 + Math.floor(Math.random() * 10_000));
  const config = [
    '[databases]',
    `* = host=${hostname} port=${port || '5432'} user=${username}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${ownPort}`,
    'unix_socket_dir =',
    'auth_type = any',
    ...lines,
  ];
  writeFileSync(join(directory, 'ini'), config.join('\n'), { mode: 0o644 });
  const isRoot = process.getuid?.() === 0;
  const child = spawn(pgbouncer ?? 'pgbouncer', [join(directory, 'ini')], {
    stdio: 'ignore',
    ...(isRoot && { uid: NOBODY, gid: NOBODY }),
  });
  const own = new URL(url);
  own.host = `127.0.0.1:${ownPort}`;
  await waitFor(() => answers(own.href), { what: 'PgBouncer to be up' });
  return {
    url: own.href,
    async stop() {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.end();
  return true;
}
