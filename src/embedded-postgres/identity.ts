import { chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * The user that PostgreSQL runs as. It refuses to run as root, so a root process runs it as another user, who owns
 * only the database's own directories.
 */
export interface Identity {
  other: { uid: number; gid: number } | null;
  /**
   * The parents of DATA_DIR may be closed to the other user (/root is). A child's working directory is set before its
   * user, so it reaches its data through that directory and needs no parent.
   */
  dataByWorkingDirectory: boolean;
}

const WORKING_DIRECTORY = '/proc/self/cwd';

/** The owner of an existing cluster, so that it stays readable; `nobody` for a new one. */
export function chooseIdentity(clusterDirectory: string): Identity {
  if (process.getuid?.() !== 0) return { other: null, dataByWorkingDirectory: false };
  const owner = statSync(clusterDirectory, { throwIfNoEntry: false });
  const other = owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : findNobody();
  return { other, dataByWorkingDirectory: existsSync(WORKING_DIRECTORY) };
}

function findNobody(): { uid: number; gid: number } {
  const users = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8') : '';
  const [, uid, gid] = /^nobody:[^:]*:(\d+):(\d+):/m.exec(users) ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}

/** Options of `spawn` for a PostgreSQL program on a data directory, and the path to pass to it. */
export function runAs(identity: Identity, directory: string) {
  return {
    directory: identity.dataByWorkingDirectory ? WORKING_DIRECTORY : directory,
    options: {
      cwd: directory,
      ...identity.other,
      // None of our own variables: PGDATA, PGPORT, PGOPTIONS and locale variables would change what the programs do.
      env: process.platform === 'win32' ? process.env : { PATH: process.env['PATH'], TZ: 'UTC' },
    },
  };
}

export function makePrivateDirectory(path: string, identity: Identity): void {
  mkdirSync(path, { mode: 0o700 });
  if (identity.other) chownSync(path, identity.other.uid, identity.other.gid);
}

export function isOpenToAll(directory: string): boolean {
  for (let path = resolve(directory); ; path = dirname(path)) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found || (found.mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
