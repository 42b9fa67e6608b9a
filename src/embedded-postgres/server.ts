import { hostname } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { delay } from '../lib/async.js';
import { systemCodeOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import {
  clusterName,
  ensureSocketDirectory,
  hasSocket,
  removeForeignSocketDirectory,
  removeSocketDirectory,
  socketPath,
  urlOf,
  type Address,
} from './address.js';
import { clusterDirectory, restoreMode, type ClusterPlan } from './cluster.js';
import { writeAccessFiles } from './access-files.js';
import { EmbeddedDatabaseError, inOneLine } from './errors.js';
import { changeOwner, isOwnedByOther } from './identity.js';
import { disownLockFile, ownerOf, readPidFile, type PidFile } from './pid-file.js';
import { signalPostmaster, spawnPostmaster, stopPostmaster, type Postmaster } from './postmaster.js';

export interface HeldServer {
  pid: number;
  address: Address;
  lock: pg.Client;
  postmaster: Postmaster | null;
}

/** Recovery replays up to a few hundred megabytes of log. */
const START_MS = 180_000;
/** PostgreSQL's code for a client whose user may not connect. */
const WRONG_USER = '28000';
const POLL_MS = 20;
const RETRY_MS = 200;
/** Another server was still on the data directory, or removed the socket's directory. All of these pass. */
const TRANSIENT =
  /lock file ".*" already exists|shared memory block .* still in use|create lock file ".*\.s\.PGSQL.*No such file/;

export async function holdServer(plan: ClusterPlan, address: Address, log: Logger): Promise<HeldServer> {
  const search: Search = { plan, address, log, deadline: Date.now() + START_MS, started: null };
  const stopAtExit = () => stopStarted(search);
  process.once('exit', stopAtExit);
  try {
    return await findAndLock(search);
  } catch (thrown) {
    const pid = search.started?.process.pid;
    if (plan.stop?.aborted && pid !== undefined) {
      await stopPostmaster(pid, plan);
      removeSocketDirectory(address);
    }
    throw thrown;
  } finally {
    process.off('exit', stopAtExit);
  }
}

function stopStarted({ started }: Search): void {
  const pid = started?.process.pid;
  if (pid !== undefined && process.platform !== 'win32') signalPostmaster(pid, 'SIGINT');
}

async function findAndLock(search: Search): Promise<HeldServer> {
  const { plan, log, deadline } = search;
  for (;;) {
    const server = await reachServer(search);
    try {
      const lock = await takeLock(server.address);
      if (!('client' in lock)) throw inUse(plan, lock.heldBy);
      if (writeAccessFiles(plan, { isRunning: true })) signalPostmaster(server.pid, 'SIGHUP');
      return { ...server, lock: lock.client };
    } catch (err) {
      plan.stop?.throwIfAborted();
      if (systemCodeOf(err) === WRONG_USER) throw inUse(plan, 'a server of another user');
      if (err instanceof EmbeddedDatabaseError || Date.now() > deadline) throw err;
      log.debug({ err }, 'embedded database not ready yet');
      await delay(RETRY_MS);
    }
  }
}

interface Search {
  plan: ClusterPlan;
  address: Address;
  log: Logger;
  deadline: number;
  started: Postmaster | null;
}

async function reachServer(search: Search): Promise<Omit<HeldServer, 'lock'>> {
  while (Date.now() < search.deadline) {
    search.plan.stop?.throwIfAborted();
    const found = findServer(search.plan);
    const { started } = search;
    if (found?.ready) {
      const server = toServer(found, search.address);
      if (hasSocket(server.address)) return { ...server, postmaster: childWith(found.pid, started) };
      search.log.warn({ socket: server.address.host }, 'the socket of the embedded database is gone');
      await stopPostmaster(found.pid, search.plan);
    } else if (started?.hasEnded()) {
      if (!TRANSIENT.test(started.lastOutput())) throw didNotStart(search.plan, started.lastOutput());
      search.started = null;
      await delay(RETRY_MS);
    } else if (!found && !started) {
      prepareCluster(search);
      search.started = spawnPostmaster(search.plan, search.address, search.log);
    }
    await delay(POLL_MS);
  }
  throw didNotStart(search.plan, search.started?.lastOutput() || `not ready after ${START_MS / 1000} s`);
}

function prepareCluster({ plan, address }: Search): void {
  const { other } = plan.identity;
  const cluster = clusterDirectory(plan.dataDir);
  if (other && isOwnedByOther(cluster, plan.identity)) {
    changeOwner(cluster, other);
    removeForeignSocketDirectory(address, plan.identity);
  }
  restoreMode(cluster);
  writeAccessFiles(plan, { isRunning: false });
  ensureSocketDirectory(address, plan.identity);
}

/** Null once a server can be started. */
function findServer(plan: ClusterPlan): PidFile | null {
  const directory = clusterDirectory(plan.dataDir);
  const file = readPidFile(directory);
  if (!file) return null;
  const owner = ownerOf(file.pid, { directory, name: clusterName(plan.dataDir) });
  if (owner === 'our postgres') return file;
  if (owner === 'unknown') throw inUse(plan, `process ${file.pid}, a PostgreSQL server`);
  // PostgreSQL itself ignores a file whose process has ended.
  if (owner === 'another program') disownFiles(directory, file);
  return null;
}

function disownFiles(directory: string, file: PidFile): void {
  disownLockFile(join(directory, 'postmaster.pid'), file.pid);
  if (file.socketDirectory) disownLockFile(`${socketPath(file.socketDirectory)}.lock`, file.pid);
}

/** An earlier start may have had another TMPDIR. */
function toServer(file: PidFile, address: Address): { pid: number; address: Address } {
  const host = file.socketDirectory || address.host;
  return { pid: file.pid, address: { ...address, host, port: file.port } };
}

function childWith(pid: number, started: Postmaster | null): Postmaster | null {
  return started?.process.pid === pid ? started : null;
}

function inUse({ dataDir }: ClusterPlan, by: string | null): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The data directory "${dataDir}" is in use by ${by ?? 'another Reprise'}. Stop that process, or set DATA_DIR to ` +
      'another directory, or set the same DATABASE_URL for both.',
  );
}

function didNotStart({ dataDir }: ClusterPlan, reason: string): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The embedded PostgreSQL in "${dataDir}" did not start: ${inOneLine(reason)}. ` +
      'Check that DATA_DIR is writable and has free space, or set DATABASE_URL to another server.',
  );
}

const LOCK_KEY = 71_710_001;
/** A killed process holds the lock until the kernel has closed its connection. */
const LOCK_TIMEOUT_MS = 2_000;
const LOCK_RETRY_MS = 50;
/** Always exists. Advisory locks are local to one database. */
const MAINTENANCE_DATABASE = 'postgres';

type LockResult = { client: pg.Client } | { heldBy: string | null };

/** Lives as long as the connection, so it is released however the process ends. */
async function takeLock(address: Address): Promise<LockResult> {
  const client = new pg.Client({
    connectionString: urlOf(address, MAINTENANCE_DATABASE),
    application_name: `reprise, process ${process.pid} on ${hostname()}`.slice(0, 63),
    connectionTimeoutMillis: 10_000,
  });
  // Without a listener a lost connection would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (await tryLock(client)) return { client };
    const heldBy = await findHolder(client);
    await client.end();
    return { heldBy };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

async function tryLock(client: pg.Client): Promise<boolean> {
  const end = Date.now() + LOCK_TIMEOUT_MS;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      LOCK_KEY,
    ]);
    if (rows[0]?.taken) return true;
    if (Date.now() > end) return false;
    await delay(LOCK_RETRY_MS);
  }
}

async function findHolder(client: pg.Client): Promise<string | null> {
  const { rows } = await client.query<{ application_name: string }>(
    `SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.objid = $1 AND l.granted`,
    [LOCK_KEY],
  );
  return rows[0]?.application_name || null;
}

export async function ensureDatabase(client: pg.Client, name: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
}
