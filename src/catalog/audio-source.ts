import type { Readable } from 'node:stream';
import type { Verified } from '../media/media.js';
import type { Track } from './catalog-item.js';

interface Checksum {
  algorithm: 'md5' | 'sha1' | 'sha256';
  hex: string;
}

export interface Rendition {
  source: string;
  /** The source's own key: a path, an id, a URL. */
  ref: string;
  /** ffmpeg's name, where the source knows it: `flac`, `mp3`, `vorbis`, … */
  codec: string | null;
  bitrateKbps: number | null;
  durationMs: number | null;
  sizeBytes: number | null;
  checksum: Checksum | null;
  /** Null when it must be streamed. */
  localPath: string | null;
  /** Words, or a license's name or URL; goes into the file's tags. */
  licence: string;
  /** Whether `open` honors an offset. */
  resumable: boolean;
  /** Of a local file, when it was decoded before. */
  verified?: Verified;
}

/** What a source has that may be the track. */
export interface SourceCandidate {
  rendition: Rendition;
  title: string;
  artists: readonly string[];
  album: string | null;
  /** Whether it is the same recording: no other is downloaded unless a person chooses it. */
  isSame: boolean;
  /** From 0 to 100, the higher the more alike. */
  score: number;
  /** In words: what is equal, or the first thing that differs. */
  reason: string;
}

/** A port. `find` returns null unless it is the same recording; all stop when their signal aborts. */
export interface AudioSource {
  readonly name: string;
  find(track: Track, signal: AbortSignal): Promise<Rendition | null>;
  /** The likeliest first, what `find` refuses included; absent where a source has only tracks of its own catalog. */
  listCandidates?(track: Track, signal: AbortSignal): Promise<SourceCandidate[]>;
  open(rendition: Rendition, options: { offsetBytes: number; signal: AbortSignal }): Promise<Readable>;
  /** Keeps that the audio is whole, for the next `find`. */
  saveVerified?(rendition: Rendition, verified: Verified): Promise<void>;
}
