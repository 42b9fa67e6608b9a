import { createHash } from 'node:crypto';
import { dirname, join, parse } from 'node:path';
import type { LibraryFile } from '../database/prisma.js';
import { isPartialDate } from '../lib/formats.js';
import { artistKey, normalizeText, titleKey } from '../catalog/normalize.js';
import { LOSSLESS_CODECS } from '../media/media.js';
import { readPath, VARIOUS_ARTISTS, withoutDiscFolder, type PathTags } from './path-tags.js';
import { MAX_TEXT_LENGTH, type RawTags } from './raw-tags.js';

/** `artistIds`: those of `artists` in order, then the album artist's. A single has its own `albumId`. */
export type { LibraryFile };

export const LIBRARY = 'library';

/** Lower case, with the dot. */
export const AUDIO_EXTENSIONS: ReadonlySet<string> = new Set(
  '.mp3 .flac .ogg .oga .opus .m4a .aac .wav .aif .aiff .wma .ape .wv'.split(' '),
);

export interface FoundFile {
  path: string;
  folders: string[];
  fileName: string;
  sizeBytes: bigint;
  modifiedAt: Date;
}

/** Null when unknown, which the index stores as 0. */
export const lengthOf = ({ durationMs }: Pick<LibraryFile, 'durationMs'>): number | null =>
  durationMs || null;

/** Lossless, then the bitrate: one number, because no bitrate reaches a million kbit/s. */
export function qualityOf({ codec, bitrateKbps }: Pick<LibraryFile, 'codec' | 'bitrateKbps'>): number {
  return (LOSSLESS_CODECS.test(codec ?? '') ? 1e6 : 0) + Math.min(bitrateKbps ?? 0, 1e6 - 1);
}

/** The kind is hashed too, so that no album has a track's id. */
function idOf(kind: 'track' | 'album' | 'artist', ...parts: string[]): string {
  const digest = createHash('sha256')
    .update([kind, ...parts].join('\0'))
    .digest('base64url');
  return `${LIBRARY}:${digest.slice(0, 22)}`;
}

const trackIdOf = (path: string): string => idOf('track', path);
export const artistIdOf = (name: string): string => idOf('artist', artistKey(name));

export function toUnreadableFile(found: FoundFile, problem: string, scannedAt: Date): LibraryFile {
  return { ...emptyRecord(found, scannedAt), problem: clean(problem) || 'It could not be read.' };
}

/** Missing tags are derived from the file's name and folders. */
export function toLibraryFile(found: FoundFile, raw: RawTags, scannedAt: Date): LibraryFile {
  const path = readPath(found.folders, parse(found.fileName).name);
  const credits = creditsOf(raw, path);
  const named = {
    title: clean(raw.title) || clean(path.title) || clean(found.fileName),
    artists: credits.artists,
    albumArtist: credits.albumArtist || (credits.artists[0] ?? ''),
    album: albumOf(raw, path, credits.artists),
  };
  return {
    ...emptyRecord(found, scannedAt),
    ...named,
    albumId: albumIdOf(found, named.album, credits),
    artistIds: allArtists(named).map(artistIdOf),
    ...numbersOf(raw, path),
    ...detailsOf(raw, path),
    searchText: searchTextOf(named),
    titleKey: titleKey(named.title),
  };
}

interface Credits {
  artists: string[];
  albumArtist: string;
}

function creditsOf(raw: RawTags, path: PathTags): Credits {
  const tagged = splitCredits(raw.artists);
  const artists = tagged.length > 0 ? tagged : splitCredits([path.artist ?? '']);
  const various = raw.compilation ? VARIOUS_ARTISTS : '';
  const folder = isTagged(raw) ? '' : clean(path.albumArtist);
  return { artists, albumArtist: clean(raw.albumArtist) || various || folder };
}

const MAX_ARTISTS = 20;
const BETWEEN_ARTISTS = /[\0;]|\s\/\s|\s[([]?(?:feat|ft|featuring)(?:\.\s*|\s+)/i;

/** `A feat. B; C / D` are four artists. Not split at "&" or ",", which are part of some names. */
function splitCredits(names: readonly string[]): string[] {
  const byKey = new Map<string, string>();
  for (const part of names.flatMap((name) => name.split(BETWEEN_ARTISTS))) {
    const name = clean(part.replace(/^([^([]*)[)\]]$/, '$1'));
    const key = artistKey(name);
    if (name && !byKey.has(key)) byKey.set(key, name);
    if (byKey.size === MAX_ARTISTS) break;
  }
  return [...byKey.values()];
}

/** A tagged file takes its album from its folder only when the folder above has the artist's name. */
function albumOf(raw: RawTags, path: PathTags, artists: readonly string[]): string {
  const tag = clean(raw.album);
  if (tag || !path.album) return tag;
  const confirmed = artists.some((name) => artistKey(name) === artistKey(path.albumArtist ?? ''));
  return isTagged(raw) && !confirmed ? '' : clean(path.album);
}

const isTagged = (raw: RawTags): boolean =>
  clean(raw.title) !== '' || raw.artists.some((name) => clean(name));

function albumFolderOf(found: FoundFile): string {
  const { places } = withoutDiscFolder(found.folders);
  return places.length === found.folders.length ? dirname(found.path) : join(dirname(found.path), '..');
}

/** Without an album artist, files of one folder that name the same album belong together. */
function albumIdOf(found: FoundFile, album: string, { artists, albumArtist }: Credits): string | null {
  if (!album) return artists.length > 0 ? idOf('album', 'single', found.path) : null;
  if (albumArtist) return idOf('album', 'by', artistKey(albumArtist), normalizeText(album));
  return idOf('album', 'in', albumFolderOf(found), normalizeText(album));
}

type Named = Pick<LibraryFile, 'title' | 'artists' | 'albumArtist' | 'album'>;

const allArtists = ({ artists, albumArtist }: Named): string[] =>
  albumArtist ? [...artists, albumArtist] : artists;

/** Three lines: the title; every artist, between tabs, as in `artistIds`; the album with its artist. */
function searchTextOf(named: Named): string {
  const artists = allArtists(named).map(normalizeText).join('\t');
  const album = named.album && normalizeText(`${named.album} ${named.albumArtist}`);
  return [normalizeText(named.title), artists, album].join('\n');
}

function numbersOf(raw: RawTags, path: PathTags) {
  return {
    durationMs: wholeNumber(raw.durationMs, MAX_DURATION_MS) ?? 0,
    trackNumber: wholeNumber(raw.trackNumber) ?? path.trackNumber,
    trackTotal: wholeNumber(raw.trackTotal),
    discNumber: wholeNumber(raw.discNumber) ?? path.discNumber,
    discTotal: wholeNumber(raw.discTotal),
    bitrateKbps: wholeNumber(raw.bitrateKbps, MAX_INTEGER),
  };
}

function detailsOf(raw: RawTags, path: PathTags) {
  return {
    isrc: toIsrc(raw.isrc),
    upc: /^\d{8,14}$/.exec(clean(raw.upc).replace(/[\s-]/g, ''))?.[0] ?? null,
    releaseDate: toReleaseDate(raw.date) ?? path.year,
    genres: [...new Set(raw.genres.map(clean).filter(Boolean))].slice(0, 10),
    label: clean(raw.label) || null,
    copyright: clean(raw.copyright) || null,
    licence: clean(raw.licence) || null,
    codec: raw.codec,
  };
}

function toIsrc(text: string | null): string | null {
  const compact = (text ?? '').replace(/[\s-]/g, '').toUpperCase();
  return /^[A-Z]{2}[A-Z\d]{3}\d{7}$/.test(compact) ? compact : null;
}

/** What taggers write: `2007-00-00`, `20070315`, `2007-03-15T08:00:00Z`. */
function toReleaseDate(text: string | null): string | null {
  const match = /^(\d{4})(?:[-./]?(\d\d)(?:[-./]?(\d\d))?)?(?:[T ].*)?$/.exec(clean(text));
  const [, year = '0000', month = '00', day = '00'] = match ?? [];
  if (year === '0000') return null;
  const dates = [`${year}-${month}-${day}`, `${year}-${month}`];
  return dates.find(isPartialDate) ?? year;
}

const MAX_INTEGER = 2 ** 31 - 1;
/** A broken header may state any length: what is beyond every recording is unknown (0). The column has 4 bytes. */
const MAX_DURATION_MS = 100 * 3_600_000;

function wholeNumber(value: number | null, max = 9_999): number | null {
  const whole = Math.round(value ?? 0);
  return whole > 0 && whole <= max ? whole : null;
}

/** PostgreSQL rejects NUL and lone surrogates, and its indexes limit the length of values. */
function clean(text: string | null): string {
  return (text ?? '')
    .slice(0, MAX_TEXT_LENGTH)
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT)
    .replace(/\p{Cs}$/u, '');
}

const MAX_TEXT = 500;

function emptyRecord(found: FoundFile, scannedAt: Date): LibraryFile {
  return {
    id: trackIdOf(found.path),
    path: found.path,
    sizeBytes: found.sizeBytes,
    modifiedAt: found.modifiedAt,
    scannedAt,
    problem: null,
    title: '',
    artists: [],
    albumArtist: '',
    album: '',
    albumId: null,
    artistIds: [],
    isrc: null,
    upc: null,
    durationMs: 0,
    trackNumber: null,
    trackTotal: null,
    discNumber: null,
    discTotal: null,
    releaseDate: null,
    genres: [],
    label: null,
    copyright: null,
    licence: null,
    codec: null,
    bitrateKbps: null,
    searchText: '',
    titleKey: '',
  };
}
