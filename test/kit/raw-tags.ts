import type { FoundFile } from '../../src/library/library-file.js';
import type { RawTags } from '../../src/library/raw-tags.js';

/** An MP3 without tags, but for those given. */
export function makeRawTags(own: Partial<RawTags> = {}): RawTags {
  return {
    title: null,
    artists: [],
    albumArtist: null,
    album: null,
    compilation: false,
    isrc: null,
    upc: null,
    durationMs: 61_000,
    trackNumber: null,
    trackTotal: null,
    discNumber: null,
    discTotal: null,
    date: null,
    genres: [],
    label: null,
    copyright: null,
    licence: null,
    codec: 'mp3',
    bitrateKbps: 192,
    ...own,
  };
}

/** A file of a library whose root is `/music`. */
export function makeFoundFile(relative: string, own: Partial<FoundFile> = {}): FoundFile {
  const folders = relative.split('/');
  const fileName = folders.pop() ?? '';
  return {
    path: `/music/${relative}`,
    folders,
    fileName,
    sizeBytes: 1_000n,
    modifiedAt: new Date('2026-01-02T03:04:05Z'),
    ...own,
  };
}
