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

/** A port. `find` returns null unless it is the same recording; both stop when their signal aborts. */
export interface AudioSource {
  readonly name: string;
  find(track: Track, signal: AbortSignal): Promise<Rendition | null>;
  open(rendition: Rendition, options: { offsetBytes: number; signal: AbortSignal }): Promise<Readable>;
  /** Keeps that the audio is whole, for the next `find`. */
  saveVerified?(rendition: Rendition, verified: Verified): Promise<void>;
}
