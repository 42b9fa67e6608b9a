import { constants } from 'node:fs';
import { open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { DomainError } from '../lib/errors.js';

/** Outside LIBRARY_DIRS, or not as the last scan found it. The next scan corrects the index. */
export class LibraryFileError extends DomainError {
  readonly code = 'SOURCE_FAILED';
  override readonly retryable = true;
}

/** Opens nothing outside LIBRARY_DIRS, whatever the index says. */
export interface LibraryRoots {
  /** The caller closes it. Throws LibraryFileError when it is not a plain file. */
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
          throw new LibraryFileError(`${path} is outside LIBRARY_DIRS.`);
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
  if (code === 'ENOENT') return 'it was removed after the last scan.';
  return error instanceof Error ? error.message : String(error);
}
