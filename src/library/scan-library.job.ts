import { realpath } from 'node:fs/promises';
import { z } from 'zod';
import type { Env } from '../env.js';
import { defineJob } from '../jobs/job.js';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { deleteEmptyGroups, groupChangedFiles } from './group-store.js';
import {
  FACTS_VERSION,
  toLibraryFile,
  toUnreadableFile,
  type FoundFile,
  type LibraryFile,
} from './library-file.js';
import { createProblemList, type PassedOver, type ProblemList } from './library-problems.js';
import {
  deleteAwayFiles,
  deleteFiles,
  listKnownFiles,
  markAway,
  saveFiles,
  saveProblems,
  saveScanEnd,
  saveScanStart,
  type KnownFile,
} from './library-scan-store.js';
import { moveKey, sortMissingFiles } from './missing-files.js';
import { UnreadableTagsError, type RawTags } from './raw-tags.js';
import type { TagReader } from './tag-reader.js';
import { isUnder, openRoots, walkLibrary, type Step } from './walk-library.js';

export type ScanDeps = Pick<Platform, 'db' | 'log' | 'clock'> & {
  env: Pick<Env, 'libraryDirs' | 'libraryForgetDays' | 'downloadDir'>;
  tagReader: TagReader;
};

interface ScanResult {
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
  /** Files and folders that have a problem of their own. */
  unreadable: number;
  /** Known files of which nothing was seen, kept all the same. */
  away: number;
  durationMs: number;
}

interface Scan {
  deps: ScanDeps;
  signal: AbortSignal;
  known: ReadonlyMap<string, KnownFile>;
  seen: Set<string>;
  arrived: Set<string>;
  closed: string[];
  problems: ProblemList;
  batch: LibraryFile[];
  written: { ungrouped: number };
  returned: string[];
  counts: Omit<ScanResult, 'durationMs'>;
  isOwnOutput: (path: string) => boolean;
}

const FILES_READ_AT_ONCE = 2;
const BATCH_SIZE = 100;
/** Grouping reads the albums of what is new as a whole: more often, a large one would be read many times. */
const GROUPED_EVERY = 1_000;

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

/** What cannot be read keeps its records: an unmounted disk must not empty the index. */
export async function scanLibrary(deps: ScanDeps, { signal }: { signal: AbortSignal }): Promise<ScanResult> {
  const startedAt = performance.now();
  const { open, closed } = await openRoots(deps.env.libraryDirs);
  const scan: Scan = {
    deps,
    signal,
    known: await listKnownFiles(deps.db),
    seen: new Set(),
    arrived: new Set(),
    closed: [],
    problems: createProblemList(),
    batch: [],
    written: { ungrouped: 0 },
    returned: [],
    counts: { added: 0, changed: 0, removed: 0, unchanged: 0, unreadable: 0, away: 0 },
    isOwnOutput: await findOwnOutput(deps.env),
  };
  await groupChangedFiles(deps.db, scan);
  for (const place of closed) notePassed(scan, place, true);
  for (const root of open) await scanRoot(scan, root, open);
  await writeBatch(scan);
  if (deps.env.libraryDirs.length > 0) await settleMissing(scan, { open, complete: closed.length === 0 });
  await saveProblems(deps.db, scan.problems);
  const changed = scan.counts.added + scan.counts.changed + scan.counts.removed > 0;
  await groupChangedFiles(deps.db, scan);
  if (changed) await deleteEmptyGroups(deps.db);
  const result = { ...scan.counts, durationMs: Math.round(performance.now() - startedAt) };
  deps.log[changed ? 'info' : 'debug'](
    { scan: result, passedOver: scan.problems.counts() },
    'library scanned',
  );
  return result;
}

/** What Reprise has made is no better than what it was made of (track-copies.ts). */
async function findOwnOutput({ downloadDir }: ScanDeps['env']): Promise<(path: string) => boolean> {
  const directory = await realpath(downloadDir).catch(() => downloadDir);
  return (path) => isUnder(path, directory);
}

/** When one reader fails (the database is gone), the other stops too. */
async function scanRoot(scan: Scan, root: string, roots: readonly string[]): Promise<void> {
  const failure = new AbortController();
  const signal = AbortSignal.any([scan.signal, failure.signal]);
  const steps = walkLibrary({ root, roots, signal });
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
  if (step.kind === 'passed') return notePassed(scan, step.passed, step.closed);
  const { file } = step;
  const known = scan.known.get(file.path);
  scan.seen.add(file.path);
  if (!known) scan.arrived.add(moveKey(file.path, file));
  if (!known || !isSame(known, file)) return readFile(scan, file);
  if (known.awaySince) scan.returned.push(known.id);
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

function notePassed(scan: Scan, passed: PassedOver, closed: boolean): void {
  scan.problems.add(passed);
  if (passed.kind !== 'EXTENSION') scan.counts.unreadable += 1;
  if (!closed) return;
  scan.closed.push(passed.path);
  const { path, problem } = passed;
  scan.deps.log.warn({ path, problem }, 'could not read a part of the library, keeping its records');
}

const isSame = (known: KnownFile, found: FoundFile): boolean =>
  known.factsVersion === FACTS_VERSION &&
  known.sizeBytes === found.sizeBytes &&
  known.modifiedAt.getTime() === found.modifiedAt.getTime();

async function save(scan: Scan, record: LibraryFile): Promise<void> {
  scan.counts[scan.known.has(record.path) ? 'changed' : 'added'] += 1;
  scan.batch.push(record);
  if (scan.batch.length >= BATCH_SIZE) await writeBatch(scan);
}

async function writeBatch(scan: Scan): Promise<void> {
  const { db } = scan.deps;
  scan.written.ungrouped += scan.batch.length;
  await saveFiles(db, scan.batch.splice(0));
  await markAway(db, scan.returned.splice(0), null);
  if (scan.written.ungrouped >= GROUPED_EVERY) {
    scan.written.ungrouped = 0;
    await groupChangedFiles(db, scan);
  }
}

/** What is gone is forgotten, what may come back is kept for some days. */
async function settleMissing(scan: Scan, roots: { open: string[]; complete: boolean }): Promise<void> {
  const { db, clock, env, log } = scan.deps;
  const { gone, away, emptied } = await sortMissingFiles({ ...scan, ...roots });
  const now = clock.now();
  const newlyAway = [...away.values()].filter(({ awaySince }) => awaySince === null);
  await markAway(
    db,
    newlyAway.map(({ id }) => id),
    now,
  );
  const forgottenBefore = new Date(now.getTime() - env.libraryForgetDays * DAY_MS);
  const forgotten = await deleteAwayFiles(db, forgottenBefore);
  scan.counts.removed = (gone.size > 0 ? await deleteFiles(db, gone) : 0) + forgotten;
  scan.counts.away = away.size;
  for (const [path, count] of emptied) {
    const problem = `It holds no audio any more: ${count} files are kept for ${env.libraryForgetDays} days after they were missed first. If they are gone for good, forget them with "forgetMissingFiles".`;
    scan.problems.add({ path, kind: 'AWAY', problem });
    scan.counts.unreadable += 1;
    log.warn({ path, count }, 'a folder of the library has lost all its audio, keeping its records');
  }
}

const DAY_MS = 86_400_000;
