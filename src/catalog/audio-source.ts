import type { Readable } from 'node:stream';
import type { Track } from './catalog-item.js';

interface Checksum {
  algorithm: 'md5' | 'sha1' | 'sha256';
  hex: string;
}

export interface Rendition {
  /** The source's name, for example `library`. */
  source: string;
  /** The source's own key for it: a path, an id, a URL. */
  ref: string;
  /** ffmpeg's name of the codec, where the source knows it: `flac`, `mp3`, `vorbis`, … */
  codec: string | null;
  bitrateKbps: number | null;
  durationMs: number | null;
  sizeBytes: number | null;
  checksum: Checksum | null;
  /** The path of audio that is already on this machine; null when it must be streamed. */
  localPath: string | null;
  /** The terms of use in words, or a licence's name or URL; goes into the file's tags. */
  licence: string;
  /** Whether `open` honors an offset. */
  resumable: boolean;
}

/**
 * A port: supplies audio that the provider behind it is allowed to supply. `find` returns null unless the match is the
 * same recording (match-track.ts); both methods stop when their signal aborts. Implemented by library/ and by the
 * adapters in upstream/.
 */
export interface AudioSource {
  readonly name: string;
  find(track: Track, signal: AbortSignal): Promise<Rendition | null>;
  open(rendition: Rendition, options: { offsetBytes: number; signal: AbortSignal }): Promise<Readable>;
}
