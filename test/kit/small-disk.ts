import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface TestDisk {
  path: string;
  remove(): Promise<void>;
}

/**
 * Whether this machine lets a test mount file systems. Root in a container without CAP_SYS_ADMIN may not, nor may
 * an ordinary user: tests of full and read-only disks are then skipped (`it.skipIf(!(await canMount()))`).
 */
export async function canMount(): Promise<boolean> {
  try {
    const disk = await withSmallDisk(65_536);
    await disk.remove();
    return true;
  } catch {
    return false;
  }
}

/** A real file system (tmpfs) of `sizeBytes`, rounded up to whole pages of 4 KiB. */
export function withSmallDisk(sizeBytes: number): Promise<TestDisk> {
  return mount('small', `size=${sizeBytes}`);
}

/** A directory on a file system that is mounted read-only, so that root cannot write to it either. */
export function readOnlyDirectory(): Promise<TestDisk> {
  return mount('read-only', 'ro,size=65536');
}

async function mount(name: string, options: string): Promise<TestDisk> {
  const path = await mkdtemp(join(tmpdir(), `reprise-${name}-disk-`));
  const removeDirectory = () => rm(path, { recursive: true, force: true });
  try {
    const disk = await mountAt(path, options);
    return { path, remove: () => disk.remove().then(removeDirectory) };
  } catch (error) {
    await removeDirectory();
    throw error;
  }
}

/** On a directory that exists, which is there again, empty, when the disk is removed. */
export async function mountAt(path: string, options = 'size=64m'): Promise<TestDisk> {
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  // Lazily: a process that is just ending may still hold a file there.
  return { path, remove: () => run('umount', ['--lazy', path]).then(() => undefined) };
}
