import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LRUCache } from 'lru-cache';
import { coalesce } from '../lib/async.js';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { makeDirectories, writeNewFile } from '../lib/plain-file.js';

export interface PictureFile {
  bytes: Uint8Array;
  storedAt: Date;
}

/** Pictures by name, in memory and on disk. A disk that fails costs time, and no picture. */
export interface PictureFiles {
  read(name: string): Promise<PictureFile | null>;
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
}

interface PictureFilesOptions {
  directory: string;
  maxBytes: number;
  log: Logger;
}

const MEMORY_BYTES = 8 * 1024 * 1024;
const MEMORY_ENTRY_BYTES = 1024 * 1024;
/** Room for what comes until files are removed again. */
const SWEEP_TO = 0.9;
const UNFINISHED = '.new';
const UNFINISHED_MS = 3_600_000;
/** The time of last use is written at most so often. */
const USED_EVERY_MS = 3_600_000;
const COMPLAIN_EVERY_MS = 60_000;

export function createPictureFiles({ directory, maxBytes, log }: PictureFilesOptions): PictureFiles {
  const memory = new LRUCache<string, PictureFile>({
    maxSize: MEMORY_BYTES,
    maxEntrySize: MEMORY_ENTRY_BYTES,
    sizeCalculation: ({ bytes }) => Math.max(1, bytes.length),
  });
  const complain = createComplaint(directory, log);
  const pathOf = (name: string) => join(directory, name);
  let totalBytes: number | null = null;
  const sweep = coalesce(async () => {
    totalBytes = await removeOldest(directory, maxBytes);
  });
  return {
    async read(name) {
      const known = memory.get(name);
      if (known) return known;
      const found = await readUsed(pathOf(name)).catch(complain);
      if (found) memory.set(name, found);
      return found;
    },
    async write(name, bytes) {
      memory.set(name, { bytes, storedAt: new Date() });
      try {
        await writeWhole(pathOf(name), bytes);
        if (totalBytes !== null) totalBytes += bytes.length;
        if (totalBytes === null || totalBytes > maxBytes) await sweep();
      } catch (thrown) {
        complain(thrown);
      }
    },
    async remove(name) {
      memory.delete(name);
      await rm(pathOf(name), { force: true }).catch(complain);
    },
  };
}

/** Null for a file that is not there. Access times are ours: a disk may be mounted without them. */
async function readUsed(path: string): Promise<PictureFile | null> {
  try {
    const [bytes, { mtime, atime }] = await Promise.all([readFile(path), stat(path)]);
    const now = new Date();
    if (now.getTime() - atime.getTime() > USED_EVERY_MS) await utimes(path, now, mtime);
    return { bytes, storedAt: mtime };
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return null;
    throw thrown;
  }
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}${UNFINISHED}`;
  await makeDirectories(dirname(path));
  try {
    await writeNewFile(unfinished, bytes);
    await rename(unfinished, path);
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw thrown;
  }
}

/** Counted on the disk, where other processes write too. Returns the bytes that are left. */
async function removeOldest(directory: string, maxBytes: number): Promise<number> {
  const names = await readdir(directory);
  const found = (await Promise.all(names.map((name) => describe(join(directory, name))))).flatMap(
    (each) => each ?? [],
  );
  let total = found.reduce((sum, { bytes }) => sum + bytes, 0);
  const wanted = total > maxBytes ? maxBytes * SWEEP_TO : maxBytes;
  for (const { path, bytes, isLeftOver } of found.sort((one, other) => one.usedMs - other.usedMs)) {
    if (total <= wanted && !isLeftOver) continue;
    await rm(path, { force: true });
    total -= bytes;
  }
  return total;
}

async function describe(path: string) {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) return null;
  const isLeftOver = path.endsWith(UNFINISHED) && Date.now() - found.mtimeMs > UNFINISHED_MS;
  return { path, bytes: found.size, usedMs: Math.max(found.atimeMs, found.mtimeMs), isLeftOver };
}

/** A full disk fails for every picture. */
function createComplaint(directory: string, log: Logger): (thrown: unknown) => null {
  let lastMs = -Infinity;
  return (thrown) => {
    if (performance.now() - lastMs > COMPLAIN_EVERY_MS) {
      lastMs = performance.now();
      log.warn({ directory, err: thrown, problem: messageOf(thrown) }, 'cannot keep covers on disk');
    }
    return null;
  };
}
