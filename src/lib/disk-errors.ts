import { systemCodeOf, type TaskErrorCode } from './errors.js';

export interface DiskFailure {
  code: Extract<TaskErrorCode, 'DISK_FULL' | 'TARGET_NOT_WRITABLE' | 'INVALID_FILE_NAME'>;
  message: string;
}

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT']);
const NAME_REFUSED = new Set(['ENAMETOOLONG', 'EILSEQ', 'EINVAL']);

const NO_RIGHTS = 'the user that runs Reprise has no right to; change owner or mode.';
const IN_THE_WAY = 'a file or a link is where a folder should be; remove it.';
const DISCONNECTED = 'the share or disk is not connected any more; mount it again.';
const BUSY = 'another program holds it; end that program.';
const UNSUPPORTED = 'its file system does not support what is needed; use another disk.';

/** How the sentence "cannot be written (CODE): …" ends. */
const NOT_WRITABLE: Readonly<Record<string, string>> = {
  EACCES: NO_RIGHTS,
  EPERM: NO_RIGHTS,
  EROFS: 'it is mounted read-only; mount it for writing.',
  ENOENT: 'it, or a folder in it, is gone, or a link leads nowhere; is the disk mounted?',
  ENOTDIR: IN_THE_WAY,
  EEXIST: IN_THE_WAY,
  EISDIR: IN_THE_WAY,
  ENOTEMPTY: IN_THE_WAY,
  ELOOP: 'a link in its path leads to itself; remove the link.',
  EFBIG: 'its file system takes no file of this size; use another disk.',
  EIO: 'the disk or share reports an input/output error; check it and its connection.',
  EREMOTEIO: 'the disk or share reports an input/output error; check it and its connection.',
  ESTALE: 'the share was changed on its server; mount it again.',
  ENODEV: DISCONNECTED,
  ENXIO: DISCONNECTED,
  ENOTCONN: DISCONNECTED,
  EHOSTDOWN: DISCONNECTED,
  EBUSY: BUSY,
  ETXTBSY: BUSY,
  EDEADLK: BUSY,
  ENOLCK: 'its file system is out of locks; check the lock service of the share.',
  EXDEV: 'it lies on several disks, and a file cannot be moved between them.',
  EMLINK: UNSUPPORTED,
  ENOSYS: UNSUPPORTED,
  ENOTSUP: UNSUPPORTED,
  EOPNOTSUPP: UNSUPPORTED,
};

/** Codes that a socket or a missing program has too: they count where the error names a path in the directory. */
const AMBIGUOUS = new Set(['ENOENT', 'EINVAL', 'ENOTCONN', 'EHOSTDOWN']);

/** Of the process or the machine, not of the disk: it passes when other work ends. */
const NO_FILE_HANDLES = new Set(['EMFILE', 'ENFILE']);

/** Null for any other error. */
export function describeFileLimit(thrown: unknown): string | null {
  const system = systemCodeOf(thrown) ?? '';
  if (!NO_FILE_HANDLES.has(system)) return null;
  return `Reprise has too many files open (${system}); raise the limit (ulimit -n) and start it again.`;
}

/** The one classification of what a disk refuses; null for any other error. */
export function describeDiskError(thrown: unknown, directory: string | null = null): DiskFailure | null {
  const system = systemCodeOf(thrown) ?? '';
  if (NO_FILE_HANDLES.has(system)) return null;
  if (AMBIGUOUS.has(system) && (directory === null || !namesPathIn(thrown, directory))) return null;
  const where = directory === null ? '' : ` "${directory}"`;
  if (NO_SPACE.has(system)) {
    const message = `There is no space left in the download directory${where} (${system}).`;
    return { code: 'DISK_FULL', message };
  }
  if (NAME_REFUSED.has(system)) {
    const message = `The disk does not allow the name or path of this file (${system}): use a shorter "downloadPath", or shorten "customDirFormat" and "customTrackFormat".`;
    return { code: 'INVALID_FILE_NAME', message };
  }
  const known = Object.hasOwn(NOT_WRITABLE, system) ? NOT_WRITABLE[system] : undefined;
  const isOther = system.startsWith('errno ') || (directory !== null && namesPathIn(thrown, directory));
  const reason = known ?? (isOther ? 'the disk or share reports an error; check it.' : null);
  if (reason === null) return null;
  const message = `The download directory${where} cannot be written (${system}): ${reason}`;
  return { code: 'TARGET_NOT_WRITABLE', message };
}

function namesPathIn(thrown: unknown, directory: string): boolean {
  if (!(thrown instanceof Error)) return false;
  const { path, dest } = thrown as NodeJS.ErrnoException & { dest?: unknown };
  const isThere = [path, dest].some((each) => typeof each === 'string' && each.startsWith(directory));
  return isThere || namesPathIn(thrown.cause, directory);
}
