import { chownSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** PostgreSQL refuses to run as root: another user then owns the database's own directories only. */
export interface Identity {
  other: { uid: number; gid: number } | null;
  /** A working directory is set before the user, so it needs no access to the parents of DATA_DIR (/root). */
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

export function runAs(identity: Identity, directory: string) {
  return {
    directory: identity.dataByWorkingDirectory ? WORKING_DIRECTORY : directory,
    options: {
      cwd: directory,
      ...identity.other,
      // PGDATA, PGPORT, PGOPTIONS and locale variables would change what the programs do.
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
