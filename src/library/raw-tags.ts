import { DomainError } from '../lib/errors.js';

/** As a file has them, cut to the limits below; absent values are null or empty. */
export interface RawTags {
  title: string | null;
  artists: string[];
  /** Each of `artists` may be several, with "/" between them: ID3v2.3 and earlier. */
  slashes?: true;
  albumArtist: string | null;
  album: string | null;
  compilation: boolean;
  isrc: string | null;
  upc: string | null;
  /** MusicBrainz id of the release. */
  releaseId?: string;
  /** 0 when even ffprobe cannot tell. */
  durationMs: number;
  trackNumber: number | null;
  trackTotal: number | null;
  discNumber: number | null;
  discTotal: number | null;
  /** As written; often not a date at all. */
  date: string | null;
  genres: string[];
  label: string | null;
  copyright: string | null;
  licence: string | null;
  /** ffmpeg's name. */
  codec: string | null;
  bitrateKbps: number | null;
}

/** The file is at fault: reading it again gives the same until it changes. */
export class UnreadableTagsError extends DomainError {
  readonly code = 'SOURCE_INVALID_AUDIO';
}

/** The index keeps 500 characters; the rest is for white space that it drops. */
export const MAX_TEXT_LENGTH = 2_000;
/** The index keeps 20 artists and 10 genres. */
const MAX_VALUES = 100;

/** Before anything looks at single characters, or compares values with each other. */
export function cutTags(tags: RawTags): RawTags {
  return {
    ...tags,
    title: cutText(tags.title),
    artists: cutTexts(tags.artists),
    albumArtist: cutText(tags.albumArtist),
    album: cutText(tags.album),
    isrc: cutText(tags.isrc),
    upc: cutText(tags.upc),
    date: cutText(tags.date),
    genres: cutTexts(tags.genres),
    label: cutText(tags.label),
    copyright: cutText(tags.copyright),
    licence: cutText(tags.licence),
    codec: cutText(tags.codec),
  };
}

/** PostgreSQL rejects NUL and lone surrogates, and its indexes limit the length of values. */
export function cleanText(text: string | null): string {
  return (text ?? '')
    .slice(0, MAX_TEXT_LENGTH)
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_TEXT)
    .replace(/\p{Cs}$/u, '');
}

const MAX_TEXT = 500;

const cutText = (text: string | null): string | null => text && text.slice(0, MAX_TEXT_LENGTH);

const cutTexts = (texts: readonly string[]): string[] =>
  texts.slice(0, MAX_VALUES).map((text) => text.slice(0, MAX_TEXT_LENGTH));
