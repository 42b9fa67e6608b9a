import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { getOrAdd } from '../lib/get-or-add.js';
import type { KnownFile } from './library-scan-store.js';
import { isUnder } from './walk-library.js';

interface ScannedFolders {
  known: ReadonlyMap<string, KnownFile>;
  /** Paths of files that are there. */
  seen: ReadonlySet<string>;
  /** `moveKey` of those that are new. */
  arrived: ReadonlySet<string>;
  open: readonly string[];
  /** Not read: what is below them may be there or not. */
  closed: readonly string[];
  /** Whether all roots are open; else a file outside those that are may be in one that is not. */
  complete: boolean;
}

interface MissingFiles {
  gone: Map<string, KnownFile>;
  away: Map<string, KnownFile>;
  /** Folders that have lost all their audio at once, and how many files that is. */
  emptied: Map<string, number>;
}

/** A file that is moved keeps these. */
export const moveKey = (
  path: string,
  { sizeBytes, modifiedAt }: Pick<KnownFile, 'sizeBytes' | 'modifiedAt'>,
): string => `${basename(path)}\0${sizeBytes}\0${modifiedAt.getTime()}`;

/** A folder that is there and has lost that many files with all its audio is taken for a disk that is not mounted. */
const MANY_FILES = 10;
/** So is one that is gone itself, as some systems remove the folders of disks: an album, or an artist, is not. */
const VERY_MANY_FILES = 100;

/** Whether what a scan has missed is gone for good. In doubt it is away: a disk comes back, an index costs hours. */
export async function sortMissingFiles(scan: ScannedFolders): Promise<MissingFiles> {
  const folders = foldersOf(scan);
  const found: MissingFiles = { gone: new Map(), away: new Map(), emptied: new Map() };
  const empty = new Map<string, Map<string, KnownFile>>();
  for (const [path, known] of scan.known) {
    if (scan.seen.has(path)) continue;
    const root = scan.open.find((each) => isUnder(path, each));
    const isHidden = scan.closed.some((place) => isUnder(path, place)) || (!root && !scan.complete);
    const folder = root && !scan.arrived.has(moveKey(path, known)) ? findEmptied(path, root, folders) : null;
    if (isHidden) found.away.set(path, known);
    else if (folder === null) found.gone.set(path, known);
    else getOrAdd(empty, folder, () => new Map<string, KnownFile>()).set(path, known);
  }
  for (const [folder, files] of empty) {
    const isAway = await mayComeBack(folder, { count: files.size, isRoot: scan.open.includes(folder) });
    for (const [path, known] of files) found[isAway ? 'away' : 'gone'].set(path, known);
    if (isAway) found.emptied.set(folder, files.size);
  }
  return found;
}

async function mayComeBack(
  folder: string,
  { count, isRoot }: { count: number; isRoot: boolean },
): Promise<boolean> {
  if (isRoot || count >= VERY_MANY_FILES) return true;
  return count >= MANY_FILES && (await stat(folder).catch(() => null)) !== null;
}

/** All that hold audio, at any depth. */
function foldersOf({ seen, open }: ScannedFolders): Set<string> {
  const folders = new Set<string>();
  for (const path of seen) {
    const root = open.find((each) => isUnder(path, each)) ?? '';
    for (
      let folder = dirname(path);
      isUnder(folder, root) && !folders.has(folder);
      folder = dirname(folder)
    ) {
      folders.add(folder);
    }
  }
  return folders;
}

/** The outermost folder above a file that holds no audio now; null when its own still does. */
function findEmptied(path: string, root: string, folders: ReadonlySet<string>): string | null {
  let emptied: string | null = null;
  for (let folder = dirname(path); isUnder(folder, root) && !folders.has(folder); folder = dirname(folder)) {
    emptied = folder;
    if (folder === root) break;
  }
  return emptied;
}
