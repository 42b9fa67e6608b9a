import type { Readable } from 'node:stream';
import type { Track } from './catalog-item.js';

export interface Checksum {
  algorithm: 'md5' | 'sha1' | 'sha256';
  hex: string;
}

/** Audio that a source may supply for a track. */
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
  /** Where the audio is already on this machine, to be read there; null when it must be streamed. */
  localPath: string | null;
  /** On what terms the audio is supplied, in words or as a licence's name or URL; goes into the file's tags. */
  licence: string;
  /** Whether `open` honours an offset. */
  resumable: boolean;
}

/**
 * A port: a source supplies audio that it is allowed to supply. Adapters are in upstream/. A match is the same
 * recording (downloads/match-track.ts); a weak match is not a match. `open` must stop when its signal aborts.
 */
export interface AudioSource {
  readonly name: string;
  find(track: Track, signal: AbortSignal): Promise<Rendition | null>;
  open(rendition: Rendition, options: { offsetBytes: number; signal: AbortSignal }): Promise<Readable>;
}
