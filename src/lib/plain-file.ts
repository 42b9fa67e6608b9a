import { constants } from 'node:fs';
import { lstat, mkdir, open, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from './errors.js';

/** Windows has no such flag, and needs a privilege to make a link. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** Fails with EEXIST for anything that has the name, also a link to nowhere. */
export function openNewFile(path: string, mode = 0o666): Promise<FileHandle> {
  return open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, mode);
}

/** Its bytes are on the disk when it resolves. */
export async function writeNewFile(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  const handle = await openNewFile(path, mode);
  try {
    await handle.writeFile(content);
    await flush(handle);
  } finally {
    await handle.close();
  }
}

/** Shares and FUSE refuse to flush a directory, a handle for reading, or anything; what is written is kept all the same. */
const FLUSH_REFUSED = new Set('EACCES EPERM EINVAL ENOTSUP EOPNOTSUPP ENOSYS EBADF EROFS ENOTTY'.split(' '));

/** Where the disk can, makes what was written survive a power cut. A disk that fails is an error. */
export async function flush(handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
  }
}

const isRefusal = (thrown: unknown): boolean => FLUSH_REFUSED.has(systemCodeOf(thrown) ?? '');

/** A file is opened for writing, because SMB flushes no other. */
export async function flushFile(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDWR | NO_FOLLOW);
  try {
    await flush(handle);
  } finally {
    await handle.close();
  }
}

/** The names in it. Windows opens no directory. */
export async function flushDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r').catch((thrown: unknown) => {
    if (isRefusal(thrown)) return null;
    throw thrown;
  });
  try {
    if (handle) await flush(handle);
  } finally {
    await handle?.close();
  }
}

/** Not a link, a pipe, or a second name of another file. Some network shares count no links, and say 0. */
export async function isPlainFile(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isFile() && found.nlink <= 1;
}

/** With its parents. Node's own never ends where the parent exists and the disk says ENOENT, as /proc does. */
export async function makeDirectories(path: string): Promise<void> {
  try {
    await makeDirectory(path);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'ENOENT' || dirname(path) === path) throw thrown;
    await makeDirectories(dirname(path));
    await makeDirectory(path);
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (thrown) {
    const found = await stat(path).catch(() => null);
    if (!found?.isDirectory()) throw thrown;
  }
}
