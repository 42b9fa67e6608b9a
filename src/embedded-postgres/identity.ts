import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

interface UserIds {
  uid: number;
  gid: number;
}

/** PostgreSQL refuses to run as root: another user then owns the database's own directories only. */
export interface Identity {
  other: UserIds | null;
  /** Runs initdb, which needs a user with a name. */
  creator: UserIds | null;
  /** Whether other programs may run as that user too. */
  shared: boolean;
  /** A working directory is set before the user, so it needs no access to the parents of DATA_DIR (/root). */
  dataByWorkingDirectory: boolean;
}

const WORKING_DIRECTORY = '/proc/self/cwd';

/**
 * The owner of an existing cluster, so that it stays readable, unless that is `nobody`, whom many programs share.
 * For a new one the user `reprise`, else a user id that nobody has, else `nobody`.
 */
export function chooseIdentity(clusterDirectory: string, { isRunning }: { isRunning: boolean }): Identity {
  const dataByWorkingDirectory = existsSync(WORKING_DIRECTORY);
  if (process.getuid?.() !== 0)
    return { other: null, creator: null, shared: false, dataByWorkingDirectory: false };
  const owner = statSync(clusterDirectory, { throwIfNoEntry: false });
  const nobody = findUser('nobody') ?? { uid: 65_534, gid: 65_534 };
  const keeps = owner && owner.uid !== 0 && (isRunning || owner.uid !== nobody.uid);
  const other = keeps
    ? { uid: owner.uid, gid: owner.gid }
    : (findUser('reprise') ?? findUnusedUser(clusterDirectory) ?? nobody);
  const creator = readUsers().some(({ uid }) => uid === other.uid) ? other : nobody;
  return { other, creator, shared: other.uid === nobody.uid, dataByWorkingDirectory };
}

interface NamedUser extends UserIds {
  name: string;
}

export function readUsers(): NamedUser[] {
  const text = existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8') : '';
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid = '', gid = ''] = line.split(':');
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

function findUser(wanted: string): UserIds | null {
  const found = readUsers().find(({ name, uid }) => name === wanted && uid !== 0);
  return found ? { uid: found.uid, gid: found.gid } : null;
}

/** Of a range that neither distributions nor systemd give to anyone, and that a container of 65,536 users has. */
const FIRST_UNUSED = 60_706;
const UNUSED = 478;

function findUnusedUser(clusterDirectory: string): UserIds | null {
  const taken = new Set(readUsers().flatMap(({ uid, gid }) => [uid, gid]));
  const start = createHash('sha256').update(clusterDirectory).digest().readUInt32BE() % UNUSED;
  for (let step = 0; step < UNUSED; step++) {
    const id = FIRST_UNUSED + ((start + step) % UNUSED);
    if (!taken.has(id)) return canBecome(id) ? { uid: id, gid: id } : null;
  }
  return null;
}

/** A directory cannot be executed: another error comes from the change of user before it. */
function canBecome(id: number): boolean {
  const { error } = spawnSync('/', { uid: id, gid: id });
  return (error as NodeJS.ErrnoException | undefined)?.code === 'EACCES';
}

/** The directory itself last, because its owner tells whether all the rest is done. */
export function changeOwner(directory: string, { uid, gid }: UserIds): void {
  const owner = `${uid}:${gid}`;
  const entries = readdirSync(directory).map((name) => join(directory, name));
  // Unlike a walk of our own, chown cannot be led elsewhere by links that the old owner makes meanwhile.
  for (const paths of [entries, [directory]]) {
    const { status, stderr, error } = spawnSync('chown', ['-RPh', owner, '--', ...paths], {
      encoding: 'utf8',
    });
    if (status !== 0) throw error ?? new Error(stderr);
  }
}

export function isOwnedByOther(directory: string, identity: Identity): boolean {
  return identity.other !== null && lstatSync(directory).uid !== identity.other.uid;
}

export function runAs(identity: Identity, directory: string, user = identity.other) {
  return {
    directory: identity.dataByWorkingDirectory ? WORKING_DIRECTORY : directory,
    options: {
      cwd: directory,
      ...user,
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
