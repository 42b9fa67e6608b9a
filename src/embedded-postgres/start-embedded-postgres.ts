import { mkdirSync, realpathSync } from 'node:fs';
import { messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { chooseAddress, removeSocketDirectory, urlOf } from './address.js';
import { findBinaries } from './binaries.js';
import { clusterDirectory, ensureCluster, type ClusterPlan } from './cluster.js';
import { EmbeddedDatabaseError } from './errors.js';
import { chooseIdentity } from './identity.js';
import { ensureDatabase } from './lock.js';
import { signalPostmaster, stopPostmaster } from './postmaster.js';
import { holdServer, type HeldServer } from './server.js';

export { EmbeddedDatabaseError } from './errors.js';

export interface EmbeddedPostgres {
  /** A connection string for `pg`. It stays good when the server is started again after a crash. */
  url: string;
  /** Stops the server; what was acknowledged is on disk. */
  stop(): Promise<void>;
}

const DATABASE = 'reprise';
/** A server that crashes more often than this within the window stays down: starting it again does not help. */
const MOST_RESTARTS = 3;
const RESTART_WINDOW_MS = 600_000;

/**
 * Runs PostgreSQL 18 in `<dataDir>/postgres` for this process alone. A server that a killed process left behind
 * is taken over. Rejects with EmbeddedDatabaseError when it cannot run or the directory is in use.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  log: Logger;
}): Promise<EmbeddedPostgres> {
  const plan = await planCluster(options.dataDir);
  await ensureCluster(plan);
  const server = await holdServer(plan, await chooseAddress(plan.dataDir, plan.identity), options.log);
  await ensureDatabase(server.lock, DATABASE);
  options.log.debug({ pid: server.pid, adopted: !server.postmaster }, 'embedded database is up');
  return { url: urlOf(server.address, DATABASE), stop: guard(server, plan, options.log) };
}

async function planCluster(wanted: string): Promise<ClusterPlan> {
  try {
    mkdirSync(wanted, { recursive: true });
  } catch (cause) {
    throw new EmbeddedDatabaseError(`DATA_DIR ${wanted} cannot be made: ${messageOf(cause)}`, { cause });
  }
  // The same directory by any path, so that two processes see each other.
  const dataDir = realpathSync(wanted);
  const identity = chooseIdentity(clusterDirectory(dataDir));
  return { dataDir, identity, binaries: await findBinaries(dataDir, identity) };
}

/** Watches the server and starts it again when it goes down by itself. Returns the way to stop it for good. */
function guard(first: HeldServer, plan: ClusterPlan, log: Logger): () => Promise<void> {
  let server: HeldServer | null = first;
  let stopping = false;
  let recovery: Promise<void> = Promise.resolve();
  const restarts: number[] = [];
  const stopAtExit = () => server && process.platform !== 'win32' && signalPostmaster(server.pid, 'SIGINT');

  const recover = async (address: HeldServer['address']) => {
    server = null;
    restarts.push(Date.now());
    const recent = restarts.filter((at) => Date.now() - at < RESTART_WINDOW_MS);
    if (recent.length > MOST_RESTARTS)
      throw new EmbeddedDatabaseError('It went down too often; it stays down.');
    server = watch(await holdServer(plan, address, log));
    log.info({ pid: server.pid }, 'embedded database is up again');
  };

  const watch = (held: HeldServer): HeldServer => {
    held.postmaster?.process.once('exit', (code, signal) => {
      const lastWords = held.postmaster?.lastWords();
      if (!stopping) log.error({ code, signal, lastWords }, 'the embedded database ended by itself');
    });
    held.lock.once('end', () => {
      if (stopping) return;
      log.error({ pid: held.pid }, 'the connection to the embedded database was lost');
      recovery = recover(held.address).catch((err: unknown) => {
        log.fatal({ err }, 'the embedded database could not be brought back');
      });
    });
    return held;
  };

  watch(first);
  process.once('exit', stopAtExit);
  return async () => {
    if (stopping) return;
    stopping = true;
    await recovery;
    process.off('exit', stopAtExit);
    // The lock is let go with the server and not before: another process could take it over in between.
    if (!server) return;
    const ended = await stopPostmaster(server.pid, plan);
    if (!ended) log.error({ pid: server.pid }, 'the embedded database does not stop');
    removeSocketDirectory(server.address);
    await server.lock.end().catch(() => undefined);
  };
}
