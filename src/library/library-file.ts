import { createHash } from 'node:crypto';
import { dirname, parse } from 'node:path';
import type { LibraryFile } from '../database/prisma.js';
import { isPartialDate } from '../lib/formats.js';
import { artistKey, normalizeText, searchKey, titleKey } from '../catalog/normalize.js';
import { LOSSLESS_CODECS } from '../media/media.js';
import { creditsOf, isTagged, type Credits } from './credits.js';
import { albumFolderOf, readPath, withoutDisc, type PathTags } from './path-tags.js';
import { cleanText, type RawTags } from './raw-tags.js';

/** `artistIds`: those of `artists` in order, then the album artist's. A single has its own `albumId`. */
export type { LibraryFile };

export const LIBRARY = 'library';

/** Raise it when files have to be read again, because more is read of them or in another way. */
export const FACTS_VERSION = 1;

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
export function idOf(kind: 'track' | 'album' | 'artist', ...parts: string[]): string {
  const digest = createHash('sha256')
    .update([kind, ...parts].join('\0'))
    .digest('base64url');
  return `${LIBRARY}:${digest.slice(0, 22)}`;
}

const trackIdOf = (path: string): string => idOf('track', path);
export const artistIdOf = (name: string): string => idOf('artist', artistKey(name));

export function toUnreadableFile(found: FoundFile, problem: string, scannedAt: Date): LibraryFile {
  return { ...emptyRecord(found, scannedAt), problem: cleanText(problem) || 'It could not be read.' };
}

/** Missing tags are derived from the file's name and folders. */
export function toLibraryFile(found: FoundFile, raw: RawTags, scannedAt: Date): LibraryFile {
  const path = readPath(found.folders, parse(found.fileName).name);
  const credits = creditsOf(raw, path);
  const named = {
    title: cleanText(raw.title) || cleanText(path.title) || cleanText(found.fileName),
    artists: credits.artists,
    albumArtist: credits.albumArtist || (credits.artists[0] ?? ''),
    album: albumOf(raw, path, credits.artists),
  };
  return {
    ...emptyRecord(found, scannedAt),
    ...named,
    albumId: albumIdOf(found, named.album, credits),
    albumKey: normalizeText(withoutDisc(named.album).name),
    albumArtistTag: credits.albumArtist,
    releaseId: raw.releaseId?.toLowerCase() ?? null,
    artistIds: allArtists(named).map(artistIdOf),
    ...numbersOf(raw, path),
    ...detailsOf(raw, path),
    searchText: searchTextOf(named),
    titleKey: titleKey(named.title),
  };
}

/** A tagged file takes its album from its folder only when the folder above has the artist's name. */
function albumOf(raw: RawTags, path: PathTags, artists: readonly string[]): string {
  const tag = cleanText(raw.album);
  if (tag || !path.album) return tag;
  const confirmed = artists.some((name) => artistKey(name) === artistKey(path.albumArtist ?? ''));
  return isTagged(raw) && !confirmed ? '' : cleanText(path.album);
}

/** Until the albums are grouped (group-albums.ts): a track's own is a single. */
function albumIdOf(found: FoundFile, album: string, { artists }: Credits): string | null {
  return !album && artists.length > 0 ? idOf('album', 'single', found.path) : null;
}

type Named = Pick<LibraryFile, 'title' | 'artists' | 'albumArtist' | 'album'>;

const allArtists = ({ artists, albumArtist }: Named): string[] =>
  albumArtist ? [...artists, albumArtist] : artists;

/** Three lines: the title; every artist, between tabs, as in `artistIds`; the album with its artist. */
function searchTextOf(named: Named): string {
  const artists = allArtists(named).map(searchKey).join(' \t ');
  const album = named.album && `${searchKey(named.album)} ${searchKey(named.albumArtist)}`;
  return toSearchText([searchKey(named.title), artists, album]);
}

/** Spaces on all sides: a word is found as a word by `LIKE '% word %'`, and by its trigrams. */
export const toSearchText = (lines: readonly string[]): string => lines.map((line) => ` ${line} `).join('\n');

function numbersOf(raw: RawTags, path: PathTags) {
  return {
    durationMs: wholeNumber(raw.durationMs, MAX_DURATION_MS) ?? 0,
    trackNumber: wholeNumber(raw.trackNumber) ?? path.trackNumber,
    trackTotal: wholeNumber(raw.trackTotal),
    discNumber: wholeNumber(raw.discNumber) ?? path.discNumber ?? withoutDisc(raw.album ?? '').discNumber,
    discTotal: wholeNumber(raw.discTotal),
    bitrateKbps: wholeNumber(raw.bitrateKbps, MAX_INTEGER),
  };
}

function detailsOf(raw: RawTags, path: PathTags) {
  return {
    isrc: toIsrc(raw.isrc),
    upc: /^\d{8,14}$/.exec(cleanText(raw.upc).replace(/[\s-]/g, ''))?.[0] ?? null,
    releaseDate: toReleaseDate(raw.date) ?? path.year,
    genres: [...new Set(raw.genres.map(cleanText).filter(Boolean))].slice(0, 10),
    label: cleanText(raw.label) || null,
    copyright: cleanText(raw.copyright) || null,
    licence: cleanText(raw.licence) || null,
    codec: raw.codec,
  };
}

function toIsrc(text: string | null): string | null {
  const compact = (text ?? '').replace(/[\s-]/g, '').toUpperCase();
  return /^[A-Z]{2}[A-Z\d]{3}\d{7}$/.test(compact) ? compact : null;
}

/** What taggers write: `2007-00-00`, `20070315`, `2007-03-15T08:00:00Z`. */
function toReleaseDate(text: string | null): string | null {
  const match = /^(\d{4})(?:[-./]?(\d\d)(?:[-./]?(\d\d))?)?(?:[T ].*)?$/.exec(cleanText(text));
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
    factsVersion: FACTS_VERSION,
    folder: albumFolderOf(dirname(found.path)),
    albumKey: '',
    albumArtistTag: '',
    releaseId: null,
    grouped: false,
    copyOfId: null,
    awaySince: null,
    verifiedSha256: null,
    verifiedMs: null,
    verifiedProbe: null,
  };
}
