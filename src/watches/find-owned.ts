import type { Album, Track } from '../catalog/catalog-item.js';
import type { CatalogSource } from '../catalog/catalog-source.js';
import { CatalogItemNotFoundError } from '../catalog/errors.js';
import { isSameRecording } from '../catalog/match-track.js';
import { titleKey } from '../catalog/normalize.js';
import { exists } from '../downloads/target-file.js';
import { getOrAdd } from '../lib/get-or-add.js';
import { artistIdOf, lengthOf, type LibraryFile } from '../library/library-file.js';
import { listAlbumTitles, listFilesLike } from '../library/library-store.js';
import { isUnder } from '../library/walk-library.js';
import type { Platform } from '../platform.js';
import type { LibraryMatch } from './watch-file-store.js';

interface OwnedDeps extends Pick<Platform, 'db' | 'env'> {
  catalog: Pick<CatalogSource, 'listAlbumTracks'>;
  signal: AbortSignal;
}

export interface Owned {
  /** Tracks that the owner's library has a file of, and albums that it has all tracks of. */
  itemIds: string[];
  /** Of the tracks. */
  files: LibraryMatch[];
}

export async function findOwned(deps: OwnedDeps, items: readonly (Track | Album)[]): Promise<Owned> {
  if (deps.env.libraryDirs.length === 0) return { itemIds: [], files: [] };
  const tracks = items.filter((item) => item.type === 'TRACK');
  const files = await matchTracks(deps, tracks);
  const albums = await findOwnedAlbums(
    deps,
    items.filter((item) => item.type === 'ALBUM'),
  );
  return { itemIds: [...files.map(({ itemId }) => itemId), ...albums], files };
}

/** Titles compared by one query. */
const BATCH = 500;

async function matchTracks({ db, env }: OwnedDeps, tracks: readonly Track[]): Promise<LibraryMatch[]> {
  const matches: LibraryMatch[] = [];
  for (let start = 0; start < tracks.length; start += BATCH) {
    const found = await matchSome(db, tracks.slice(start, start + BATCH));
    const gone = await Promise.all(found.map(({ path }) => isGone(env, path)));
    matches.push(...found.filter((_, index) => !gone[index]));
  }
  return matches;
}

/** A download that is in the trash since the last scan. A library on a disk that is not mounted is still had. */
async function isGone({ downloadDir, downloadRoots }: Platform['env'], path: string): Promise<boolean> {
  const isDownload = [downloadDir, ...downloadRoots].some((root) => isUnder(path, root));
  return isDownload && !(await exists(path));
}

async function matchSome(db: Platform['db'], tracks: readonly Track[]): Promise<LibraryMatch[]> {
  const files = await listFilesLike(db, tracks);
  const byTitle = new Map<string, LibraryFile[]>();
  const byCode = new Map<string | null, LibraryFile[]>();
  for (const file of files) {
    getOrAdd(byTitle, file.titleKey, () => []).push(file);
    getOrAdd(byCode, file.isrc, () => []).push(file);
  }
  return tracks.flatMap((track) => {
    const alike = [
      ...(track.isrc ? (byCode.get(track.isrc) ?? []) : []),
      ...(byTitle.get(titleKey(track.title)) ?? []),
    ];
    const own = alike.find((file) => isSameRecording(track, { ...file, durationMs: lengthOf(file) }));
    return own ? [toMatch(track, own)] : [];
  });
}

function toMatch({ id }: Track, file: LibraryFile): LibraryMatch {
  const { path, title, artists } = file;
  return { itemId: id, path, title, artists, durationMs: lengthOf(file) };
}

/** Only albums of a title that the library has by one of their artists are read: there may be a thousand of others. */
async function findOwnedAlbums(deps: OwnedDeps, albums: readonly Album[]): Promise<string[]> {
  if (albums.length === 0) return [];
  const artistIds = albums.flatMap(({ artists }) => artists.map(({ name }) => artistIdOf(name)));
  const titles = await listAlbumTitles(deps.db, [...new Set(artistIds)]);
  const keys = new Set(titles.map(titleKey));
  const owned: string[] = [];
  for (const album of albums) {
    if (keys.has(titleKey(album.title)) && (await isWhole(deps, album))) owned.push(album.id);
  }
  return owned;
}

/** Tracks requested at once. */
const PAGE = 50;

/** Whether each of its tracks is in the library, wherever it lies there. */
async function isWhole(deps: OwnedDeps, album: Album): Promise<boolean> {
  for (let offset = 0, total = 1; offset < total; offset += PAGE) {
    const page = await listTracks(deps, album, offset);
    if (page.items.length === 0) return false;
    if ((await matchTracks(deps, page.items)).length < page.items.length) return false;
    total = page.total;
  }
  return true;
}

async function listTracks({ catalog, signal }: OwnedDeps, album: Album, offset: number) {
  try {
    return await catalog.listAlbumTracks(album.id, { offset, limit: PAGE }, signal);
  } catch (thrown) {
    if (thrown instanceof CatalogItemNotFoundError) return { items: [], total: 0 };
    throw thrown;
  }
}
