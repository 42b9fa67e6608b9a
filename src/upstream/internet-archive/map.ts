import { createHash } from 'node:crypto';
import type { Album, Artist, ArtistRef, Track } from '../../catalog/catalog-item.js';
import { getOrAdd } from '../../lib/get-or-add.js';
import { NAME } from './api.js';
import type { ArchiveFile, ArchiveItem, ArchiveRow } from './schemas.js';

/* Ids: an album is an item, a track one of its recordings, and an artist a name, which is all that is known of one. */

const TRACK_ID = /^(.+)\.([\da-f]{16})$/;
const ARTIST_MARK = 'a.';
/** What an id here may have (catalog/item-reference.ts). */
const MAX_LOCAL_CHARS = 128;

/** Of an album, its item. Null for an id of another catalog. */
export function localIdOf(id: string): string | null {
  const [own, local = '', ...rest] = id.split(':');
  return own === NAME && local !== '' && rest.length === 0 ? local : null;
}

export function trackKeyOf(trackId: string): { identifier: string; key: string } | null {
  const [, identifier, key] = TRACK_ID.exec(localIdOf(trackId) ?? '') ?? [];
  return identifier !== undefined && key !== undefined ? { identifier, key } : null;
}

export function artistNameOf(artistId: string): string | null {
  const local = localIdOf(artistId);
  if (!local?.startsWith(ARTIST_MARK)) return null;
  return Buffer.from(local.slice(ARTIST_MARK.length), 'base64url').toString() || null;
}

/** Empty for a name that no id has room for. */
function artistIdOf(name: string): string {
  const local = `${ARTIST_MARK}${Buffer.from(name).toString('base64url')}`;
  return local.length > MAX_LOCAL_CHARS ? '' : `${NAME}:${local}`;
}

const toRef = (name: string): ArtistRef => ({ id: artistIdOf(name), name });

export const toArtist = (name: string): Artist => ({
  type: 'ARTIST',
  id: artistIdOf(name),
  name,
  genres: [],
  images: [],
  url: null,
});

type PictureOf = (identifier: string) => string;

/** @param trackTotal 0 where only a search has named it */
export function toAlbum(
  row: ArchiveRow & { publisher?: string | null },
  { pictureOf, trackTotal = 0 }: { pictureOf: PictureOf; trackTotal?: number },
): Album {
  const { identifier } = row;
  return {
    type: 'ALBUM',
    id: `${NAME}:${identifier}`,
    title: row.title ?? identifier,
    artists: row.creator.map(toRef),
    group: 'ALBUM',
    releaseDate: /^\d{4}(?:-\d{2}){0,2}/.exec(row.date ?? '')?.[0] ?? null,
    trackTotal,
    discTotal: 1,
    upc: null,
    label: row.publisher ?? null,
    copyright: null,
    genres: [],
    images: [{ url: pictureOf(identifier), widthPx: null, heightPx: null }],
    url: `https://archive.org/details/${identifier}`,
  };
}

/** One recording of an item, in all formats that the archive has it in. */
export interface Recording {
  key: string;
  title: string;
  artists: string[];
  durationMs: number | null;
  trackNumber: number;
  genres: string[];
  files: ArchiveFile[];
}

/** In the order of the album. */
export function recordingsOf({ metadata, files }: ArchiveItem): Recording[] {
  const groups = new Map<string, ArchiveFile[]>();
  for (const file of files) {
    const from = file.source === 'derivative' ? (file.original ?? file.name) : file.name;
    getOrAdd(groups, stemOf(from), (): ArchiveFile[] => []).push(file);
  }
  const found = [...groups].map(([stem, own]) => toRecording(stem, own, metadata.creator));
  return inOrder(found).map(({ stem: _, ...recording }) => recording);
}

const stemOf = (name: string): string => name.replace(/\.[^./]*$/, '');

function toRecording(stem: string, files: ArchiveFile[], creator: string[]) {
  const first = <T>(read: (file: ArchiveFile) => T | null) =>
    files.map(read).find((value) => value !== null) ?? null;
  const artist = first((file) => file.artist ?? file.creator);
  const genre = first((file) => file.genre);
  return {
    stem,
    key: createHash('sha1').update(stem).digest('hex').slice(0, 16),
    title: first((file) => file.title) ?? titleIn(stem),
    artists: artist === null ? creator : [artist],
    durationMs: first((file) => durationOf(file.length)),
    trackNumber: Number.parseInt(first((file) => file.track) ?? '', 10) || 0,
    genres: genre === null ? [] : [genre],
    files,
  };
}

/** From `disc 1/03 - A_name`. */
function titleIn(stem: string): string {
  const name = stem.slice(stem.lastIndexOf('/') + 1);
  const title = name
    .replace(/^\d{1,3}[\s._-]+/, '')
    .replaceAll('_', ' ')
    .trim();
  return title || name;
}

/** By the numbers of the files where each has one of its own, else by their names, which then number them. */
function inOrder<T extends { stem: string; trackNumber: number }>(recordings: T[]): T[] {
  const numbers = new Set(recordings.map(({ trackNumber }) => trackNumber));
  if (numbers.size === recordings.length && !numbers.has(0))
    return recordings.sort((a, b) => a.trackNumber - b.trackNumber);
  const byName = new Intl.Collator('en', { numeric: true });
  return recordings
    .sort((a, b) => byName.compare(a.stem, b.stem))
    .map((recording, index) => ({ ...recording, trackNumber: index + 1 }));
}

/** Of `241.63`, `4:01` and `1:04:01`. */
export function durationOf(length: string | null): number | null {
  if (!/^\d+(?::\d{1,2}){0,2}(?:\.\d+)?$/.test(length ?? '')) return null;
  const seconds = (length ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round(seconds * 1_000) || null;
}

export function toTrack(album: Album, recording: Recording): Track {
  const { key, title, artists, durationMs, trackNumber, genres } = recording;
  return {
    type: 'TRACK',
    id: `${album.id}.${key}`,
    title,
    artists: artists.map(toRef),
    album,
    durationMs,
    explicit: false,
    trackNumber,
    discNumber: null,
    isrc: null,
    genres,
    url: album.url,
  };
}
