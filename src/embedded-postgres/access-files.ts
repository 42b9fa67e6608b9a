import { closeSync, fchownSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { clusterDirectory, SUPERUSER, type ClusterPlan } from './cluster.js';

const HEADER = '# Written by Reprise when it starts the server.\n';

/**
 * Only the user that this process runs as may connect, which the kernel proves: another process of PostgreSQL's own
 * user could not. On Windows there is a password. True if a running server has to read the files again.
 */
export function writeAccessFiles(plan: ClusterPlan, { isRunning }: { isRunning: boolean }): boolean {
  if (process.platform === 'win32') return false;
  const cluster = clusterDirectory(plan.dataDir);
  // A running server that has them may be another process's.
  if (isRunning && readFileSync(join(cluster, 'pg_hba.conf'), 'utf8').startsWith(HEADER)) return false;
  const name = findUserName();
  const map = name === null ? '' : `${SUPERUSER} "${name}" ${SUPERUSER}\n`;
  const method = name === null ? 'trust' : `peer map=${SUPERUSER}`;
  replaceFile(join(cluster, 'pg_ident.conf'), HEADER + map, plan);
  replaceFile(join(cluster, 'pg_hba.conf'), `${HEADER}local all ${SUPERUSER} ${method}\n`, plan);
  return isRunning;
}

/** Without a name PostgreSQL cannot look its client up, and the socket's directory alone protects it. */
function findUserName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}

/** Never through a link: root writes into a directory of another user. */
function replaceFile(path: string, text: string, { identity }: ClusterPlan): void {
  const fresh = `${path}.${process.pid}.new`;
  rmSync(fresh, { force: true });
  const file = openSync(fresh, 'wx', 0o600);
  try {
    writeSync(file, text);
    if (identity.other) fchownSync(file, identity.other.uid, identity.other.gid);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}
