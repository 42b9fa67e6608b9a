import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import type { LibraryRoots } from './library-roots.js';
import { withoutDiscFolder } from './path-tags.js';
import type { CoverReader } from './tag-reader.js';

interface CoverPlaces {
  roots: LibraryRoots;
  covers: CoverReader;
}

const NAMES = ['cover', 'folder', 'front', 'album'];
const EXTENSIONS = new Set(['.jpg', '.jpeg', '.png']);
const MAX_BYTES = 20 * 1024 * 1024;

/** Embedded in the file, else beside it, else beside the folder of its disc. */
export async function findCover(
  { roots, covers }: CoverPlaces,
  path: string,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const embedded = await readEmbedded({ roots, covers }, path, signal).catch(() => null);
  signal.throwIfAborted();
  if (embedded) return embedded;
  for (const folder of foldersOfAlbum(dirname(path))) {
    const found = await readBeside(roots, folder).catch(() => null);
    if (found) return found;
  }
  return null;
}

/** The folder of a disc, then that of its album. */
function foldersOfAlbum(folder: string): string[] {
  const { discNumber } = withoutDiscFolder([basename(folder)]);
  return discNumber === null ? [folder] : [folder, dirname(folder)];
}

async function readEmbedded(
  { roots, covers }: CoverPlaces,
  path: string,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const { path: real, handle } = await roots.open(path);
  await handle.close();
  return covers.readCover(real, signal);
}

async function readBeside(roots: LibraryRoots, folder: string): Promise<Uint8Array | null> {
  for (const path of await listPictures(folder)) {
    const data = await readPicture(roots, path).catch(() => null);
    if (data && isPicture(data)) return data;
  }
  return null;
}

async function listPictures(folder: string): Promise<string[]> {
  return (await readdir(folder))
    .map((file) => ({ file, ...parse(file.toLowerCase()) }))
    .filter(({ name, ext }) => NAMES.includes(name) && EXTENSIONS.has(ext))
    .sort((a, b) => NAMES.indexOf(a.name) - NAMES.indexOf(b.name) || (a.file < b.file ? -1 : 1))
    .map(({ file }) => join(folder, file));
}

/** Of the files in which `findCover` looks: another one, another time or another size is another version. */
export async function coverVersion(paths: readonly string[]): Promise<string> {
  const folders = [...new Set(paths.flatMap((path) => foldersOfAlbum(dirname(path))))];
  const beside = await Promise.all(folders.map((folder) => listPictures(folder).catch((): string[] => [])));
  const facts = [...paths, ...beside.flat()].map(async (path) => {
    const found = await lstat(path).catch(() => null);
    return `${path}\n${found?.mtimeMs}\n${found?.size}`;
  });
  return (await Promise.all(facts)).join('\n');
}

async function readPicture(roots: LibraryRoots, path: string): Promise<Uint8Array | null> {
  const { handle } = await roots.open(path);
  try {
    return (await handle.stat()).size <= MAX_BYTES ? await handle.readFile() : null;
  } finally {
    await handle.close();
  }
}

export function isPicture(data: Uint8Array): boolean {
  const start = Buffer.from(data.subarray(0, 4)).toString('hex');
  return data.length <= MAX_BYTES && (start.startsWith('ffd8ff') || start === '89504e47');
}
