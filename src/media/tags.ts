import type { Container } from './containers.js';
import type { TrackTags } from './media.js';

export type TagPair = readonly [key: string, value: string];

/** In characters: far above any title, far below what breaks a reader. */
const MAX_VALUE_LENGTH = 32_768;

/** `separator` goes between several artists or genres: ffmpeg can write a key once only. */
export function toTagPairs(tags: TrackTags, container: Container, separator: string): TagPair[] {
  switch (container) {
    case 'ogg':
    case 'opus':
    case 'flac':
      return vorbisComments(tags, separator);
    case 'mp3':
      return toId3Frames(tags, separator).map(([frame, value]) => [ID3_KEYS[frame] ?? frame, value]);
    case 'wav':
      return riffInfo(tags, separator);
    case 'm4a':
    case 'mka':
      return genericPairs(tags, separator);
  }
}

/** ID3v2.4 (id3.org); `TXXX:` stands before the description of a frame of one's own. */
export function toId3Frames(tags: TrackTags, separator: string): TagPair[] {
  return present([
    ['TIT2', tags.title],
    ['TPE1', tags.artists.join(separator)],
    ['TALB', tags.album],
    ['TPE2', tags.albumArtists.join(separator)],
    ['TRCK', fraction(tags.trackNumber, tags.trackTotal)],
    ['TPOS', fraction(tags.discNumber, tags.discTotal)],
    ['TDRC', tags.date],
    ['TCON', tags.genres.join(separator)],
    ['TSRC', tags.isrc],
    ['TPUB', tags.label],
    ['TCOP', tags.copyright],
    ['COMM', tags.comment],
    ['TXXX:BARCODE', tags.upc],
  ]);
}

/** ffmpeg writes no COMM frame; a TXXX of a three-letter key differs only in its name (see id3.ts). */
export const COMMENT_STAND_IN = 'eng';
const ID3_KEYS: Record<string, string> = { COMM: COMMENT_STAND_IN, 'TXXX:BARCODE': 'BARCODE' };

/** Tags that MP4 has no atom for, and ffmpeg no way to write: they become `----:com.apple.iTunes:<name>`. */
export function toFreeformAtoms(tags: TrackTags): TagPair[] {
  return present([
    ['ISRC', tags.isrc],
    ['BARCODE', tags.upc],
    ['LABEL', tags.label],
  ]);
}

/** xiph.org/vorbis/doc/v-comment.html, and the names that taggers have agreed on beyond it. */
function vorbisComments(tags: TrackTags, separator: string): TagPair[] {
  return present([
    ['TITLE', tags.title],
    ['ARTIST', tags.artists.join(separator)],
    ['ALBUM', tags.album],
    ['ALBUMARTIST', tags.albumArtists.join(separator)],
    ['TRACKNUMBER', fraction(tags.trackNumber, null)],
    ['TRACKTOTAL', fraction(tags.trackTotal, null)],
    ['DISCNUMBER', fraction(tags.discNumber, null)],
    ['DISCTOTAL', fraction(tags.discTotal, null)],
    ['DATE', tags.date],
    ['GENRE', tags.genres.join(separator)],
    ['ISRC', tags.isrc],
    ['BARCODE', tags.upc],
    ['ORGANIZATION', tags.label],
    ['LABEL', tags.label],
    ['COPYRIGHT', tags.copyright],
    ['DESCRIPTION', tags.comment], // ffmpeg renames COMMENT to it anyway
  ]);
}

/** ffmpeg's own keys, which it turns into MP4 atoms; Matroska keeps them as they are. */
function genericPairs(tags: TrackTags, separator: string): TagPair[] {
  return present([
    ['title', tags.title],
    ['artist', tags.artists.join(separator)],
    ['album', tags.album],
    ['album_artist', tags.albumArtists.join(separator)],
    ['track', fraction(tags.trackNumber, tags.trackTotal)],
    ['disc', fraction(tags.discNumber, tags.discTotal)],
    ['date', tags.date],
    ['genre', tags.genres.join(separator)],
    ['isrc', tags.isrc],
    ['barcode', tags.upc],
    ['publisher', tags.label],
    ['copyright', tags.copyright],
    ['comment', tags.comment],
  ]);
}

/** RIFF INFO names no character set: only plain ASCII goes there. All of it is in the ID3 chunk (id3.ts). */
function riffInfo(tags: TrackTags, separator: string): TagPair[] {
  const pairs = present([
    ['title', tags.title],
    ['artist', tags.artists.join(separator)],
    ['album', tags.album],
    ['track', fraction(tags.trackNumber, null)],
    ['date', tags.date],
    ['genre', tags.genres.join(separator)],
    ['copyright', tags.copyright],
    ['comment', tags.comment],
  ]);
  return pairs.filter(([, value]) => /^[\x20-\x7e]*$/.test(value));
}

function fraction(number: number | null, total: number | null): string | null {
  if (number === null) return null;
  return total === null ? String(number) : `${number}/${total}`;
}

/** Leaves out what is absent; a NUL would end a value in most containers. */
function present(pairs: (readonly [string, string | null])[]): TagPair[] {
  return pairs
    .map(([key, value]) => [key, (value ?? '').replaceAll('\0', '').slice(0, MAX_VALUE_LENGTH)] as const)
    .filter(([, value]) => value.trim() !== '');
}
