import { join } from 'node:path';
import type pg from 'pg';
import { delay } from '../lib/async.js';
import { messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { ensureSocketDirectory, markOf, socketPath, type Address } from './address.js';
import { clusterDirectory, type ClusterPlan } from './cluster.js';
import { EmbeddedDatabaseError } from './errors.js';
import { takeLock } from './lock.js';
import { disownLockFile, ownerOf, readPidFile, type PidFile } from './pid-file.js';
import { spawnPostmaster, type Postmaster } from './postmaster.js';

/** A server that is up and that this process alone may use and stop. */
export interface HeldServer {
  pid: number;
  address: Address;
  /** The connection that holds the lock. */
  lock: pg.Client;
  /** Null when it was found running. */
  postmaster: Postmaster | null;
}

/** Recovery after a crash replays at most a few hundred megabytes of log. */
const START_MS = 180_000;
const POLL_MS = 20;
const RETRY_MS = 200;
/**
 * What a server says that stopped because another is, or still was, on its data directory; or because that one
 * took the socket's directory with it as it stopped. All of this passes.
 */
const TAKEN =
  /lock file ".*" already exists|shared memory block .* still in use|create lock file ".*\.s\.PGSQL.*No such file/;

/** Finds or starts the data directory's server and takes its lock. */
export async function holdServer(plan: ClusterPlan, address: Address, log: Logger): Promise<HeldServer> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const server = await reachServer({ plan, address, log, deadline });
    try {
      const lock = await takeLock(server.address);
      if ('client' in lock) return { ...server, lock: lock.client };
      throw inUse(plan, lock.heldBy);
    } catch (error) {
      // Cut off while it stops or recovers from a crash: look again.
      if (error instanceof EmbeddedDatabaseError || Date.now() > deadline) throw error;
      log.debug({ err: error }, 'the embedded database is not ready yet');
      await delay(RETRY_MS);
    }
  }
}

interface Search {
  plan: ClusterPlan;
  address: Address;
  log: Logger;
  deadline: number;
}

async function reachServer(search: Search): Promise<Omit<HeldServer, 'lock'>> {
  let started: Postmaster | null = null;
  while (Date.now() < search.deadline) {
    const found = findServer(search.plan);
    if (found?.ready)
      return { ...toServer(found, search.address), postmaster: childWith(found.pid, started) };
    if (started?.hasEnded()) {
      if (!TAKEN.test(started.lastWords())) throw didNotStart(search.plan, started.lastWords());
      started = null;
      await delay(RETRY_MS);
    } else if (!found && !started) {
      ensureSocketDirectory(search.address, search.plan.identity);
      started = spawnPostmaster(search.plan, search.address, search.log);
    }
    await delay(POLL_MS);
  }
  throw didNotStart(search.plan, started?.lastWords() || `not ready after ${START_MS / 1000} s`);
}

/** The server on this data directory, starting or ready; null after making sure that one can be started. */
function findServer(plan: ClusterPlan): PidFile | null {
  const directory = clusterDirectory(plan.dataDir);
  const file = readPidFile(directory);
  if (!file) return null;
  const owner = ownerOf(file.pid, { directory, mark: markOf(plan.dataDir) });
  if (owner === 'our postgres') return file;
  if (owner === 'unknown') throw inUse(plan, `process ${file.pid}, a PostgreSQL server`);
  // A pid that nobody has is no obstacle to PostgreSQL.
  if (owner === 'another program') disownFiles(directory, file);
  return null;
}

function disownFiles(directory: string, file: PidFile): void {
  disownLockFile(join(directory, 'postmaster.pid'), file.pid);
  if (file.socketDirectory) disownLockFile(`${socketPath(file.socketDirectory)}.lock`, file.pid);
}

/** An earlier start may have had another TMPDIR: the file knows where that server listens. */
function toServer(file: PidFile, address: Address): { pid: number; address: Address } {
  const host = file.socketDirectory || address.host;
  return { pid: file.pid, address: { ...address, host, port: file.port } };
}

function childWith(pid: number, started: Postmaster | null): Postmaster | null {
  return started?.process.pid === pid ? started : null;
}

function inUse({ dataDir }: ClusterPlan, by: string | null): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The data directory ${dataDir} is in use${by ? ` by ${by}` : ' by another Reprise'}. Stop that one first, ` +
      'or set DATA_DIR to another directory, or give both the same DATABASE_URL.',
  );
}

function didNotStart({ dataDir }: ClusterPlan, reason: string): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    `The embedded PostgreSQL in ${dataDir} did not start: ${messageOf(reason)}\n` +
      'See that DATA_DIR is writable and has space, or set DATABASE_URL to another server.',
  );
}
