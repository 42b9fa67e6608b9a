import { basename } from 'node:path';
import { artistKey, normalizeText } from '../catalog/normalize.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { LibraryFile } from './library-file.js';
import { VARIOUS_ARTISTS } from './path-tags.js';

type Files = readonly LibraryFile[];

/** Files of one folder that name one album: usually that album, but a folder may hold all that somebody has. */
export function splitFolder(files: Files): LibraryFile[][] {
  return splitByArtist(files).flatMap(splitEditions);
}

const GUEST = /\s[([]?(?:feat|ft|featuring|with)[. ]/i;
const VARIOUS = artistKey(VARIOUS_ARTISTS);

const albumArtistOf = ({ albumArtistTag }: LibraryFile): string =>
  albumArtistTag && artistKey(albumArtistTag.split(GUEST)[0] ?? '');

/** Several album artists are one album where no number is taken twice and the folder has the album's name. */
function splitByArtist(files: Files): LibraryFile[][] {
  const parts = bucketBy(files, albumArtistOf);
  const untagged = parts.get('') ?? [];
  parts.delete('');
  if (parts.size === 0 || (isNamedForAlbum(files) && !hasCollision(files))) return [[...files]];
  const strangers: LibraryFile[] = [];
  for (const file of untagged) {
    const part = findPartOf(file, parts);
    if (part) part.push(file);
    else strangers.push(file);
  }
  return [...parts.values(), ...(strangers.length > 0 ? [strangers] : [])];
}

/** A file without an album artist: with its own artist, with a sampler, or in a folder of one album with that. */
function findPartOf(file: LibraryFile, parts: ReadonlyMap<string, LibraryFile[]>): LibraryFile[] | undefined {
  const own = file.artists.map((name) => parts.get(artistKey(name))).find(Boolean);
  const [only] = parts.size === 1 ? parts.values() : [];
  return own ?? parts.get(VARIOUS) ?? (only && isNamedForAlbum([file]) ? only : undefined);
}

function isNamedForAlbum([file]: Files): boolean {
  return file !== undefined && normalizeText(basename(file.folder)).includes(file.albumKey);
}

/** What may tell two editions, or two albums of one name, from each other in one folder: all files must have it. */
const DISTINCTIONS: ((file: LibraryFile) => string)[] = [
  ({ releaseId }) => releaseId ?? '',
  ({ upc }) => upc ?? '',
  ({ releaseDate }) => releaseDate?.slice(0, 4) ?? '',
];

function splitEditions(files: LibraryFile[]): LibraryFile[][] {
  if (!hasCollision(files)) return [files];
  const untagged = files.every((file) => !file.albumArtistTag);
  const byArtist = ({ artists }: LibraryFile) => artistKey(artists[0] ?? '');
  for (const distinction of untagged ? [...DISTINCTIONS, byArtist] : DISTINCTIONS) {
    const parts = bucketBy(files, distinction);
    const isClean = parts.size > 1 && !parts.has('') && ![...parts.values()].some(hasCollision);
    if (isClean) return [...parts.values()];
  }
  return [files];
}

/** One number of one disc twice. */
function hasCollision(files: Files): boolean {
  const numbered = files.filter(({ trackNumber }) => trackNumber !== null);
  return (
    new Set(numbered.map((file) => `${file.discNumber ?? 1}/${file.trackNumber}`)).size < numbered.length
  );
}

function bucketBy(files: Files, keyOf: (file: LibraryFile) => string): Map<string, LibraryFile[]> {
  const buckets = new Map<string, LibraryFile[]>();
  for (const file of files) getOrAdd(buckets, keyOf(file), () => []).push(file);
  return buckets;
}
