import type { Track } from './catalog-item.js';

/** What an encyclopedia of music knows of a track; null or empty where it knows nothing. Ids are MusicBrainz's. */
export interface RecordingFacts {
  recordingId: string;
  artistIds: string[];
  /** Of the release that is the track's album; null where it has no such release. */
  release: ReleaseFacts | null;
  genres: string[];
}

export interface ReleaseFacts {
  id: string;
  groupId: string | null;
  /** Of the recording's place on it. */
  trackId: string | null;
  artistIds: string[];
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
  date: string | null;
  label: string | null;
  upc: string | null;
}

/** A port. All throw Upstream… errors (lib/errors.ts). */
export interface Enrichment {
  /** By ISRC; null for a track without one, or with one that is not known. */
  findRecording(track: Track, signal: AbortSignal): Promise<RecordingFacts | null>;
  /** Of a recording; null when there is no such recording, empty when no code of it is known. */
  listIsrcs(recordingId: string, signal: AbortSignal): Promise<string[] | null>;
  /** The bar code of a release; null when there is no such release, empty when it has none. */
  findUpc(releaseId: string, signal: AbortSignal): Promise<string | null>;
  /** Where the front cover of a release may be, the largest first: not every release has one. */
  coverAddresses(releaseId: string): { url: string; widthPx: number }[];
  /** JPEG or PNG; null when the archive has no cover. */
  fetchCover(releaseId: string, signal: AbortSignal): Promise<Uint8Array | null>;
}
