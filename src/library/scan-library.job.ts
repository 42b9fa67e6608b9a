import { z } from 'zod';
import type { Env } from '../env.js';
import { defineJob } from '../jobs/job.js';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { toLibraryFile, toUnreadableFile, type FoundFile, type LibraryFile } from './library-file.js';
import {
  deleteFiles,
  listKnownFiles,
  saveFiles,
  saveScanEnd,
  saveScanStart,
  type KnownFile,
} from './library-scan-store.js';
import { UnreadableTagsError, type RawTags } from './raw-tags.js';
import type { TagReader } from './tag-reader.js';
import { isUnder, openRoots, walkLibrary, type ClosedPlace, type Step } from './walk-library.js';

export type ScanDeps = Pick<Platform, 'db' | 'log' | 'clock'> & {
  env: Pick<Env, 'libraryDirs'>;
  tagReader: TagReader;
};

interface ScanResult {
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
  unreadable: number;
  durationMs: number;
}

interface Scan {
  deps: ScanDeps;
  signal: AbortSignal;
  known: ReadonlyMap<string, KnownFile>;
  seen: Set<string>;
  closed: ClosedPlace[];
  batch: LibraryFile[];
  counts: Omit<ScanResult, 'durationMs'>;
}

const FILES_READ_AT_ONCE = 2;
const BATCH_SIZE = 100;

/** Every ten minutes. Idempotent: it compares folders with the index and reads only changes. */
export const scanLibraryJob = defineJob({
  name: 'scanLibrary',
  payload: z.object({}),
  concurrency: 1,
  everyMs: 10 * 60_000,
  lockLifetimeMs: 60_000,
  async run(deps: ScanDeps, _payload, run) {
    const { db, clock, env } = deps;
    const hasLibrary = env.libraryDirs.length > 0;
    if (hasLibrary) await saveScanStart(db, clock.now());
    await scanLibrary(deps, run);
    if (hasLibrary) await saveScanEnd(db, clock.now());
  },
});

/** Folders that cannot be read keep their records: an unmounted disk must not empty the index. */
export async function scanLibrary(deps: ScanDeps, { signal }: { signal: AbortSignal }): Promise<ScanResult> {
  const startedAt = performance.now();
  const { open, closed } = await openRoots(deps.env.libraryDirs);
  const scan: Scan = {
    deps,
    signal,
    known: await listKnownFiles(deps.db),
    seen: new Set(),
    closed: [],
    batch: [],
    counts: { added: 0, changed: 0, removed: 0, unchanged: 0, unreadable: 0 },
  };
  closed.forEach((place) => noteClosed(scan, place));
  for (const root of open) await scanRoot(scan, root);
  await writeBatch(scan);
  if (deps.env.libraryDirs.length > 0) await deleteMissing(scan, { open, complete: closed.length === 0 });
  const result = { ...scan.counts, durationMs: Math.round(performance.now() - startedAt) };
  const changed = result.added + result.changed + result.removed > 0;
  deps.log[changed ? 'info' : 'debug']({ scan: result }, 'library scanned');
  return result;
}

/** When one reader fails (the database is gone), the other stops too. */
async function scanRoot(scan: Scan, root: string): Promise<void> {
  const failure = new AbortController();
  const signal = AbortSignal.any([scan.signal, failure.signal]);
  const steps = walkLibrary(root, signal);
  const reader = async () => {
    for (let next = await steps.next(); !next.done; next = await steps.next()) {
      signal.throwIfAborted();
      await takeStep({ ...scan, signal }, next.value);
    }
  };
  const readers = Array.from({ length: FILES_READ_AT_ONCE }, () =>
    reader().catch((error: unknown) => {
      failure.abort(error);
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(readers);
  scan.signal.throwIfAborted();
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw failure.signal.reason;
}

async function takeStep(scan: Scan, step: Step): Promise<void> {
  if (step.kind === 'closed') return noteClosed(scan, step.place);
  const { file } = step;
  const known = scan.known.get(file.path);
  scan.seen.add(file.path);
  if (!known || !isSame(known, file)) return readFile(scan, file);
  scan.counts.unchanged += 1;
  if (known.problem !== null) scan.counts.unreadable += 1;
}

async function readFile(scan: Scan, file: FoundFile): Promise<void> {
  const { tagReader, clock } = scan.deps;
  let tags: RawTags;
  try {
    tags = await tagReader.read(file.path, scan.signal);
  } catch (error) {
    scan.signal.throwIfAborted();
    return noteUnreadable(scan, file, error);
  }
  await save(scan, toLibraryFile(file, tags, clock.now()));
}

/** Anything but a fault of the file may pass: the record gets no time, so that the next scan reads it again. */
async function noteUnreadable(scan: Scan, file: FoundFile, error: unknown): Promise<void> {
  if (systemCodeOf(error) === 'ENOENT') return void scan.seen.delete(file.path);
  const atFault = error instanceof UnreadableTagsError;
  const found = atFault ? file : { ...file, modifiedAt: new Date(0) };
  const record = toUnreadableFile(found, messageOf(error), scan.deps.clock.now());
  const known = scan.known.get(file.path);
  scan.counts.unreadable += 1;
  if (known && known.problem === record.problem && isSame(known, found)) {
    scan.counts.unchanged += 1;
    return;
  }
  scan.deps.log.warn({ path: file.path, problem: record.problem }, 'could not read a library file');
  await save(scan, record);
  // At once: such a file may have taken minutes, which a process killed before the end of the scan would repeat.
  if (atFault) await writeBatch(scan);
}

function noteClosed(scan: Scan, place: ClosedPlace): void {
  scan.closed.push(place);
  scan.counts.unreadable += 1;
  scan.deps.log.warn(place, 'could not read a library folder, keeping its records');
}

const isSame = (known: KnownFile, found: FoundFile): boolean =>
  known.sizeBytes === found.sizeBytes && known.modifiedAt.getTime() === found.modifiedAt.getTime();

async function save(scan: Scan, record: LibraryFile): Promise<void> {
  scan.counts[scan.known.has(record.path) ? 'changed' : 'added'] += 1;
  scan.batch.push(record);
  if (scan.batch.length >= BATCH_SIZE) await writeBatch(scan);
}

async function writeBatch(scan: Scan): Promise<void> {
  await saveFiles(scan.deps.db, scan.batch.splice(0));
}

/** Records outside all roots are deleted too, unless a root is closed: some of them may be that root's. */
async function deleteMissing(scan: Scan, roots: { open: string[]; complete: boolean }): Promise<void> {
  const isMissing = (path: string) =>
    !scan.seen.has(path) &&
    !scan.closed.some((place) => isUnder(path, place.path)) &&
    (roots.complete || roots.open.some((root) => isUnder(path, root)));
  const missing = new Map([...scan.known].filter(([path]) => isMissing(path)));
  if (missing.size > 0) scan.counts.removed = await deleteFiles(scan.deps.db, missing);
}
