import { basename, dirname, join } from 'node:path';
import { artistKey } from '../catalog/normalize.js';

export interface PathTags {
  title: string;
  artist: string | null;
  albumArtist: string | null;
  album: string | null;
  trackNumber: number | null;
  discNumber: number | null;
  year: string | null;
}

const DISC_FOLDER = /^(?:cd|dis[ck]|dvd|lp|vinyl)[\s._-]*(\d{1,2})\b/i;
const SEPARATOR = / [-–—] /;
const YEAR = /^(?:19|20)\d\d$/;
const BRACKETED_YEAR = /[([]((?:19|20)\d\d)[)\]]/;

export const VARIOUS_ARTISTS = 'Various Artists';
const VARIOUS_KEYS = new Set(['various artists', 'various', 'va', 'compilations', 'soundtracks']);

/** Parses `Artist/Album/CD2/1-03 Title`, `Album/03 - Artist - Title`, `Artist - Album - 03 - Title`, …. */
export function readPath(folders: readonly string[], fileName: string): PathTags {
  const { places, discNumber } = placesOf(folders);
  const folder = readFolders(places);
  const numbered = readNumber(spaced(fileName), places.length > 0);
  const file = readName(numbered.rest, folder.artist);
  const albumArtist = folder.artist && isVarious(folder.artist) ? VARIOUS_ARTISTS : folder.artist;
  const loneFolder = folder.lone && !file.artist && numbered.trackNumber === null;
  return {
    title: file.title,
    artist: file.artist ?? (loneFolder ? folder.lone : isVarious(albumArtist ?? '') ? null : albumArtist),
    albumArtist,
    album: file.album ?? folder.album ?? (loneFolder ? null : folder.lone),
    trackNumber: numbered.trackNumber ?? file.trackNumber,
    discNumber: numbered.discNumber ?? discNumber,
    year: folder.year,
  };
}

const DISC_SUFFIX = /[([]?\b(?:cd|dis[ck])[\s._-]?(\d{1,2})(?: ?(?:of|\/) ?\d{1,2})?[)\]]?$/i;
const SEPARATORS = ' -–—_,:.';

/** "Album (Disc 2)" is "Album", and its disc. */
export function withoutDisc(title: string): { name: string; discNumber: number | null } {
  const match = DISC_SUFFIX.exec(title);
  let end = match?.index ?? 0;
  while (end > 0 && SEPARATORS.includes(title.charAt(end - 1))) end -= 1;
  return match && end > 0
    ? { name: title.slice(0, end), discNumber: Number(match[1]) }
    : { name: title, discNumber: null };
}

/** One for all discs: without the folder of a disc, or the disc in its name. */
export function albumFolderOf(directory: string): string {
  const { places } = withoutDiscFolder([basename(directory)]);
  if (places.length === 0) return dirname(directory);
  return join(dirname(directory), withoutDisc(basename(directory)).name);
}

export function withoutDiscFolder(folders: readonly string[]): {
  places: readonly string[];
  discNumber: number | null;
} {
  const disc = DISC_FOLDER.exec(folders.at(-1) ?? '')?.[1];
  return disc
    ? { places: folders.slice(0, -1), discNumber: Number(disc) }
    : { places: folders, discNumber: null };
}

function placesOf(folders: readonly string[]): ReturnType<typeof withoutDiscFolder> {
  const found = withoutDiscFolder(folders);
  const last = found.places.at(-1);
  if (found.discNumber !== null || last === undefined) return found;
  const { name, discNumber } = withoutDisc(last);
  return { places: [...found.places.slice(0, -1), name], discNumber };
}

interface FolderTags {
  artist: string | null;
  album: string | null;
  year: string | null;
  lone: string | null;
}

function readFolders(places: readonly string[]): FolderTags {
  const last = places.at(-1);
  if (last === undefined) return { artist: null, album: null, year: null, lone: null };
  const above = places.at(-2);
  const parts = spaced(last).split(SEPARATOR);
  const dated = parts.length > 1 ? parts.find((part) => YEAR.test(part)) : undefined;
  const named = dated === undefined ? parts : parts.filter((part) => part !== dated);
  const ownArtist =
    named.length > 1 && (above === undefined || artistKey(named[0] ?? '') === artistKey(spaced(above)));
  const artist = ownArtist ? (named.shift() ?? null) : above === undefined ? null : spaced(above);
  const { name, year } = withoutYear(named.join(' - '));
  if (artist === null) return { artist, album: null, year: dated ?? year, lone: name };
  return { artist, album: name, year: dated ?? year, lone: null };
}

function withoutYear(name: string): { name: string; year: string | null } {
  const year = BRACKETED_YEAR.exec(name)?.[1] ?? null;
  const rest = name.replace(BRACKETED_YEAR, ' ').replace(/\s+/g, ' ').trim();
  return year && rest ? { name: rest, year } : { name, year: null };
}

interface Numbered {
  rest: string;
  trackNumber: number | null;
  discNumber: number | null;
}

/** "99 Luftballons" is a title unless it is in a folder. */
function readNumber(name: string, inFolder: boolean): Numbered {
  const match = /^(?:(\d{1,2})[-.](?=\d))?(\d{1,3})([\s\-–._)]+)([^\s\-–._)].*)$/.exec(name);
  const [, disc, track = '', gap = '', rest = ''] = match ?? [];
  const sure = gap.trim() !== '' || disc !== undefined || track.startsWith('0');
  const likely = sure || (track.length === 2 && inFolder);
  if (!likely || Number(track) === 0) return { rest: name, trackNumber: null, discNumber: null };
  return { rest, trackNumber: Number(track), discNumber: disc ? Number(disc) : null };
}

interface NameTags {
  title: string;
  artist: string | null;
  album: string | null;
  trackNumber: number | null;
}

/** `Title`, `Artist - Title`, `Artist - Album - Title`; in an artist's folder only that artist is one. */
function readName(name: string, folderArtist: string | null): NameTags {
  const parts = name.split(SEPARATOR).map((part) => part.trim());
  const first = parts[0] ?? name;
  const known = folderArtist !== null && !isVarious(folderArtist);
  const named = parts.length > 1 && (!known || artistKey(first) === artistKey(folderArtist));
  if (!named) return { title: name, artist: null, album: null, trackNumber: null };
  const rest = parts.slice(1);
  const number = rest.length > 1 ? rest.findIndex((part) => /^\d{1,3}$/.test(part)) : -1;
  const trackNumber = number >= 0 && number < rest.length - 1 ? Number(rest.splice(number, 1)[0]) : null;
  if (known || rest.length === 1) {
    return { title: rest.join(' - '), artist: first, album: null, trackNumber };
  }
  return { title: rest.slice(1).join(' - '), artist: first, album: rest[0] ?? null, trackNumber };
}

export function isVarious(name: string): boolean {
  return VARIOUS_KEYS.has(artistKey(name));
}

/** Names without spaces often use underscores instead. */
function spaced(name: string): string {
  return (name.includes(' ') ? name : name.replaceAll('_', ' ')).trim();
}
