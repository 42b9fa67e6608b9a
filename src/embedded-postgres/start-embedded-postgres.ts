import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { delay } from '../lib/async.js';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import { makeDirectories } from '../lib/plain-file.js';
import type { Logger } from '../lib/logger.js';
import { chooseAddress, clusterName, hasSocket, removeSocketDirectory, urlOf } from './address.js';
import { findBinaries } from './binaries.js';
import { checkVersion, clusterDirectory, ensureCluster, isCluster, type ClusterPlan } from './cluster.js';
import { EmbeddedDatabaseError } from './errors.js';
import { chooseIdentity } from './identity.js';
import { ownerOf, readPidFile } from './pid-file.js';
import { signalPostmaster, stopPostmaster } from './postmaster.js';
import { ensureDatabase, holdServer, type HeldServer } from './server.js';

export { EmbeddedDatabaseError } from './errors.js';

export interface EmbeddedPostgres {
  /** Stays valid when the server is restarted after a crash. */
  url: string;
  stop(): Promise<void>;
}

const DATABASE = 'reprise';
const SHARED_USER =
  'PostgreSQL runs as a user that other programs may share, who could read its files; start Reprise as a user of its own';
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 600_000;
/** For a full disk, or a mount that comes back; longer each time. */
const RESTART_PAUSE_MS = 2_000;
const SOCKET_CHECK_MS = 5_000;

/** For this process alone; adopts the server that a killed process left behind. */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  log: Logger;
  /** Ends a start that is under way; it then rejects, and nothing that it started runs. */
  stop?: AbortSignal | undefined;
}): Promise<EmbeddedPostgres> {
  const plan = { ...(await planCluster(options.dataDir)), stop: options.stop };
  if (plan.identity.shared) options.log.warn({ uid: plan.identity.other?.uid }, SHARED_USER);
  await ensureCluster(plan);
  const server = await holdServer(plan, await chooseAddress(plan.dataDir, plan.identity), options.log);
  const stop = supervise(server, plan, options.log);
  try {
    await ensureDatabase(server.lock, DATABASE);
    options.stop?.throwIfAborted();
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  options.log.debug({ pid: server.pid, adopted: !server.postmaster }, 'embedded database started');
  return { url: urlOf(server.address, DATABASE), stop };
}

async function planCluster(requestedDir: string): Promise<ClusterPlan> {
  try {
    await makeDirectories(requestedDir);
  } catch (cause) {
    throw new EmbeddedDatabaseError(`DATA_DIR "${requestedDir}" cannot be created: ${messageOf(cause)}`, {
      cause,
    });
  }
  // So that two processes see each other, whatever path leads to the directory.
  const dataDir = realpathSync(requestedDir);
  const directory = clusterDirectory(dataDir);
  checkAccess(dataDir);
  const identity = chooseIdentity(directory, { isRunning: findRunning(dataDir) !== null });
  return { dataDir, identity, binaries: await findBinaries(dataDir, identity) };
}

function findRunning(dataDir: string): number | null {
  const directory = clusterDirectory(dataDir);
  const pid = readPidFile(directory)?.pid ?? 0;
  const isOurs = pid > 0 && ownerOf(pid, { directory, name: clusterName(dataDir) }) === 'our postgres';
  return isOurs ? pid : null;
}

/** What a start would find in DATA_DIR. Changes nothing; throws EmbeddedDatabaseError where a start would. */
export function inspectDataDirectory(requestedDir: string): { hasCluster: boolean; pid: number | null } {
  if (!existsSync(requestedDir)) return { hasCluster: false, pid: null };
  const dataDir = realpathSync(requestedDir);
  checkAccess(dataDir);
  const cluster = clusterDirectory(dataDir);
  const hasCluster = isCluster(cluster);
  if (hasCluster) checkVersion(cluster);
  return { hasCluster, pid: findRunning(dataDir) };
}

/** Root may all; for others, what root or another user has made here is out of reach. */
function checkAccess(dataDir: string): void {
  const uid = process.geteuid?.() ?? 0;
  if (uid === 0) return;
  const owner = (path: string) => statSync(path, { throwIfNoEntry: false })?.uid ?? uid;
  const remedy = `Run: chown -R ${uid}:${process.getegid?.() ?? uid} "${dataDir}"`;
  try {
    const clusterOwner = owner(clusterDirectory(dataDir));
    if (clusterOwner !== uid) {
      throw new EmbeddedDatabaseError(
        `The database in "${dataDir}" belongs to uid ${clusterOwner}, and Reprise runs as uid ${uid}. ${remedy}, or start Reprise as the user that made it.`,
      );
    }
    accessSync(dataDir, constants.W_OK | constants.X_OK);
  } catch (thrown) {
    if (thrown instanceof EmbeddedDatabaseError) throw thrown;
    throw new EmbeddedDatabaseError(
      `DATA_DIR "${dataDir}" cannot be used by uid ${uid} (${systemCodeOf(thrown) ?? messageOf(thrown)}); it belongs to uid ${owner(dataDir)}. ${remedy}`,
      { cause: thrown },
    );
  }
}

function supervise(first: HeldServer, plan: ClusterPlan, log: Logger): () => Promise<void> {
  let server: HeldServer | null = first;
  let stopping = false;
  let recovery: Promise<void> = Promise.resolve();
  const restarts: number[] = [];
  const stopAtExit = () => server && process.platform !== 'win32' && signalPostmaster(server.pid, 'SIGINT');

  const recover = async (address: HeldServer['address']) => {
    server = null;
    while (!stopping) {
      restarts.push(Date.now());
      const recent = restarts.filter((at) => Date.now() - at < RESTART_WINDOW_MS).length;
      if (recent > MAX_RESTARTS)
        throw new EmbeddedDatabaseError(
          `The embedded PostgreSQL ended, or did not start, ${recent} times within ${RESTART_WINDOW_MS / 60_000} minutes and stays down.`,
        );
      try {
        server = watch(await holdServer(plan, address, log));
        return log.info({ pid: server.pid }, 'embedded database restarted');
      } catch (err) {
        log.error({ err }, 'embedded database did not start again, trying once more');
        await delay(recent * RESTART_PAUSE_MS);
      }
    }
  };

  const watch = (held: HeldServer): HeldServer => {
    held.postmaster?.process.once('exit', (code, signal) => {
      const lastOutput = held.postmaster?.lastOutput();
      if (!stopping) log.error({ code, signal, lastOutput }, 'embedded database ended unexpectedly');
    });
    held.lock.once('end', () => {
      if (stopping) return;
      log.error({ pid: held.pid }, 'connection to the embedded database lost');
      recovery = recover(held.address).catch((err: unknown) => {
        log.fatal({ err }, 'could not restart the embedded database');
      });
    });
    return held;
  };

  /** Connections that are open go on without it, so nothing else would report it before they end. */
  const guard = setInterval(() => {
    if (stopping || !server || hasSocket(server.address)) return;
    log.error({ socket: server.address.host }, 'the socket of the embedded database is gone, restarting it');
    signalPostmaster(server.pid, 'SIGINT');
  }, SOCKET_CHECK_MS).unref();

  watch(first);
  process.once('exit', stopAtExit);
  return async () => {
    if (stopping) return;
    stopping = true;
    await recovery;
    clearInterval(guard);
    process.off('exit', stopAtExit);
    // Released with the server and not before, or another process could adopt the server in between.
    if (!server) return;
    const ended = await stopPostmaster(server.pid, plan);
    if (!ended) log.error({ pid: server.pid }, 'embedded database does not stop');
    removeSocketDirectory(server.address);
    await server.lock.end().catch(() => undefined);
  };
}
