import { cleanPathPart, hasInvisible } from '../lib/filenames.js';
import { countPlaceholders } from './path-placeholders.js';

/** Directly below the download directory, or below a user's own folder. */
export const INCOMING_DIRECTORY = '.incoming';
export const PLAYLISTS_DIRECTORY = 'playlists';
/** Of files that wait in the folder that they are moved into. */
export const WAITING_PREFIX = '.reprise.';
/** Hidden, so that scans and players pass it over; nothing in it is ever replaced or deleted. */
export const TRASH_DIRECTORY = '.reprise-trash';

const RESERVED = new Set([INCOMING_DIRECTORY, PLAYLISTS_DIRECTORY, TRASH_DIRECTORY].map(foldCase));

/** As a file system does that ignores case, or the dots and spaces at the end of a name. */
function foldCase(name: string): string {
  return name
    .normalize('NFKC')
    .toUpperCase()
    .toLowerCase()
    .replace(/(?<![. ])[. ]+$/, '');
}

const UNFINISHED_OR_DELETED = new Set([INCOMING_DIRECTORY, TRASH_DIRECTORY].map(foldCase));

/** The folder in a path that Reprise sweeps, or that scans pass over; null without one. */
export function findOwnFolder(path: string): string | null {
  return path.split(/[\\/]/).find((name) => UNFINISHED_OR_DELETED.has(foldCase(name))) ?? null;
}

/** For a name at the first level. Another one where it would be a directory of Reprise's own. */
export function avoidReserved(name: string): string {
  return RESERVED.has(foldCase(name)) ? `_${name}` : name;
}

/** Each is at most 200 bytes long, and a path takes about 1,000 bytes on macOS and 4,096 on Linux. */
export const MAX_FOLDERS = 10;
const MAX_PLACEHOLDERS = 20;

export function foldersOf(dirFormat: string): string[] {
  return dirFormat.split('/').filter((part) => part !== '');
}

/** Null when valid. What remains of the sentence that begins with the name of the setting. */
export function findDirFormatProblem(format: string): string | null {
  const folders = foldersOf(format);
  if (folders.length > MAX_FOLDERS) {
    return `has ${folders.length} folders; at most ${MAX_FOLDERS} are allowed.`;
  }
  const hidden = folders.find(isHidden);
  if (hidden !== undefined) return beginsWithDot('has the folder', hidden);
  const [first = ''] = folders;
  const name = cleanPathPart(first);
  if (avoidReserved(name) !== name) {
    return `begins with the folder "${first}", which Reprise uses itself; choose another name.`;
  }
  return findNameProblem(format);
}

export function findTrackFormatProblem(format: string): string | null {
  return isHidden(format) ? beginsWithDot('is', format) : findNameProblem(format);
}

function findNameProblem(format: string): string | null {
  if (hasInvisible(format)) return 'must not contain invisible characters, such as a zero-width space.';
  const count = countPlaceholders(format);
  return count > MAX_PLACEHOLDERS
    ? `has ${count} placeholders; at most ${MAX_PLACEHOLDERS} are allowed.`
    : null;
}

function isHidden(part: string): boolean {
  return part.trim().startsWith('.');
}

function beginsWithDot(what: string, part: string): string {
  return `${what} "${part}", which begins with "."; remove the dot, because such names are hidden.`;
}

/** In bytes, without the user's folder and the extension: at most three parts of full length. */
const MAX_PATH_BYTES = 700;
const SHORTEST_PART_BYTES = 40;

export const MAX_PART_BYTES = 200;

/** Cleans each, and cuts the longest ones until the whole is short enough for every file system. */
export function cleanPath(parts: readonly string[], maxPartBytes = MAX_PART_BYTES): string[] {
  for (let maxBytes = maxPartBytes; ; maxBytes -= 10) {
    const cleaned = parts.map((part) => cleanPathPart(part, maxBytes));
    const isShort = Buffer.byteLength(cleaned.join('/')) <= MAX_PATH_BYTES;
    if (isShort || maxBytes <= SHORTEST_PART_BYTES) return cleaned;
  }
}
