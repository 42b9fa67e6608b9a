import { constants } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { LibraryFileError } from './errors.js';

/** LIBRARY_DIRS as a fence: whatever the index says, nothing outside is opened. */
export interface LibraryRoots {
  /** Opens a plain file for reading; the caller closes it. Throws LibraryFileError, also when it is gone. */
  open(path: string): Promise<OpenFile>;
}

export interface OpenFile {
  /** Without links. */
  path: string;
  handle: FileHandle;
}

export function createLibraryRoots(directories: readonly string[]): LibraryRoots {
  return {
    async open(path) {
      try {
        const real = await realpath(path);
        if (!(await isInside(real, directories))) {
          throw new LibraryFileError(`${path} is not inside the library's folders.`);
        }
        // Opening a pipe would wait for its other end.
        if (!(await stat(real)).isFile()) throw new LibraryFileError(`${path} is not a file.`);
        return { path: real, handle: await open(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)) };
      } catch (error) {
        if (error instanceof LibraryFileError) throw error;
        throw new LibraryFileError(`${path} cannot be opened: ${reasonOf(error)}`, { cause: error });
      }
    },
  };
}

async function isInside(real: string, directories: readonly string[]): Promise<boolean> {
  for (const directory of directories) {
    const root = await realpath(directory).catch(() => resolve(directory));
    if (real.startsWith(root.endsWith(sep) ? root : root + sep)) return true;
  }
  return false;
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') return 'it has gone since the last scan.';
  return error instanceof Error ? error.message : String(error);
}
