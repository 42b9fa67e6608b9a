import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
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
import { EmbeddedDatabaseError } from './errors.js';
import { changeOwner, runAs, type Identity } from './identity.js';

export const SUPERUSER = 'reprise';
const MAJOR_VERSION = '18';
const UNFINISHED_PREFIX = 'postgres-new-';
const HOUR_MS = 3_600_000;

export interface ClusterPlan {
  dataDir: string;
  binaries: Binaries;
  identity: Identity;
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
  const version = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (version === MAJOR_VERSION) return;
  throw new EmbeddedDatabaseError(
    `"${cluster}" was created by PostgreSQL ${version}, but this Reprise carries PostgreSQL ${MAJOR_VERSION}. ` +
      'Dump it with the Reprise that created it and restore it here, or set DATA_DIR to another directory.',
  );
}

function isCluster(directory: string): boolean {
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
    if (isCluster(cluster)) return; // Another process was faster.
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

async function runInitdb(fresh: string, { dataDir, binaries, identity }: ClusterPlan): Promise<void> {
  const { directory, options } = runAs(identity, fresh, identity.creator);
  const access =
    readPassword(dataDir) === null
      ? ['--auth=peer']
      : ['--auth=scram-sha-256', `--pwfile=${passwordFile(dataDir)}`];
  // The same order and case rules on every machine.
  const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--encoding=UTF8'];
  await promisify(execFile)(
    binaries.initdb,
    ['-D', directory, '-U', SUPERUSER, ...locale, ...access, '--no-instructions'],
    options,
  );
}

function reasonOf(error: unknown): string {
  const stderr = (error as { stderr?: string } | null)?.stderr?.trim();
  return stderr || messageOf(error);
}

function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  fsyncSync(directory);
  closeSync(directory);
}
