import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../lib/errors.js';
import type { Binaries } from './binaries.js';
import { EmbeddedDatabaseError, inOneLine } from './errors.js';
import { changeOwner, runAs, type Identity } from './identity.js';
import { giveUserName } from './user-name.js';

export const SUPERUSER = 'reprise';
const MAJOR_VERSION = '18';
const UNFINISHED_PREFIX = 'postgres-new-';
const HOUR_MS = 3_600_000;

export interface ClusterPlan {
  dataDir: string;
  binaries: Binaries;
  identity: Identity;
  /** Ends a start that is under way. */
  stop?: AbortSignal | undefined;
}

export function clusterDirectory(dataDir: string): string {
  return join(dataDir, 'postgres');
}

/** Only on Windows, where every local user can reach the port. Elsewhere the socket is private. */
export function readPassword(dataDir: string): string | null {
  if (process.platform !== 'win32') return null;
  const path = passwordFile(dataDir);
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}

function passwordFile(dataDir: string): string {
  return join(dataDir, 'postgres-password');
}

export async function ensureCluster(plan: ClusterPlan): Promise<void> {
  const cluster = clusterDirectory(plan.dataDir);
  removeUnfinished(plan.dataDir);
  if (!isCluster(cluster)) await createCluster(cluster, plan);
  checkVersion(cluster);
}

export function checkVersion(cluster: string): void {
  const version = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (version === MAJOR_VERSION) return;
  throw new EmbeddedDatabaseError(
    `"${cluster}" was created by PostgreSQL ${version}, but this Reprise carries PostgreSQL ${MAJOR_VERSION}. ` +
      'Dump it with the Reprise that created it and restore it here, or set DATA_DIR to another directory.',
  );
}

/** PostgreSQL takes no other modes; owners, and volumes of Kubernetes with an fsGroup, change them. */
export function restoreMode(cluster: string): void {
  if (process.platform === 'win32') return;
  const isOpen = () => (statSync(cluster).mode & 0o027) !== 0;
  if (!isOpen()) return;
  try {
    chmodSync(cluster, 0o700);
  } catch {
    // What follows says what to do.
  }
  if (!isOpen()) return;
  const mode = (statSync(cluster).mode & 0o7777).toString(8);
  throw new EmbeddedDatabaseError(
    `"${cluster}" has mode ${mode}, and PostgreSQL accepts only 0700: chmod 700 "${cluster}", or set DATA_DIR to a directory on a file system that keeps modes.`,
  );
}

export function isCluster(directory: string): boolean {
  return existsSync(join(directory, 'PG_VERSION'));
}

/** Renamed when whole, so that a crash or a race leaves a whole cluster or none. */
async function createCluster(cluster: string, plan: ClusterPlan): Promise<void> {
  const fresh = mkdtempSync(join(plan.dataDir, UNFINISHED_PREFIX));
  try {
    const { other, creator } = plan.identity;
    if (creator) chownSync(fresh, creator.uid, creator.gid);
    await runInitdb(fresh, plan);
    if (other && other.uid !== creator?.uid) changeOwner(fresh, other);
    renameSync(fresh, cluster);
    syncDirectory(plan.dataDir);
  } catch (error) {
    plan.stop?.throwIfAborted();
    if (isCluster(cluster)) return; // Another process was faster.
    if (error instanceof EmbeddedDatabaseError) throw error;
    throw new EmbeddedDatabaseError(`The database cannot be created in "${cluster}": ${reasonOf(error)}`, {
      cause: error,
    });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** An hour old, so that it is not one that runs now. */
function removeUnfinished(dataDir: string): void {
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith(UNFINISHED_PREFIX))) {
    const path = join(dataDir, name);
    const madeAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - madeAt > HOUR_MS) rmSync(path, { recursive: true, force: true });
  }
}

async function runInitdb(fresh: string, plan: ClusterPlan): Promise<void> {
  const { dataDir, binaries, identity, stop } = plan;
  const { directory, options } = runAs(identity, fresh, identity.creator);
  const access =
    readPassword(dataDir) === null
      ? ['--auth=peer']
      : ['--auth=scram-sha-256', `--pwfile=${passwordFile(dataDir)}`];
  // The same order and case rules on every machine.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8'];
  const args = ['-D', directory, '-U', SUPERUSER, ...locale, ...access, '--no-instructions'];
  const named = giveUserName(binaries.initdb, args);
  stop?.throwIfAborted();
  const running = promisify(execFile)(named.file, named.args, {
    ...options,
    env: { ...options.env, ...named.env },
  });
  // It removes what it has made; its end is waited for.
  const end = () => void running.child.kill('SIGTERM');
  stop?.addEventListener('abort', end);
  try {
    await running;
  } finally {
    stop?.removeEventListener('abort', end);
    named.remove();
  }
  stop?.throwIfAborted();
}

function reasonOf(error: unknown): string {
  const stderr = (error as { stderr?: string } | null)?.stderr?.trim();
  return inOneLine(stderr || messageOf(error));
}

function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  fsyncSync(directory);
  closeSync(directory);
}
