import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';

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
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Not a link, a pipe, or a second name of another file. Some network shares count no links, and say 0. */
export async function isPlainFile(path: string): Promise<boolean> {
  const found = await lstat(path);
  return found.isFile() && found.nlink <= 1;
}
