/** What a file says about itself, before any rule of ours. Absent values are null or empty. */
export interface RawTags {
  title: string | null;
  artists: string[];
  albumArtist: string | null;
  album: string | null;
  /** The file says that its album is by various artists. */
  compilation: boolean;
  isrc: string | null;
  upc: string | null;
  /** 0 when even ffprobe does not know. */
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
  /** ffmpeg's name of the codec. */
  codec: string | null;
  bitrateKbps: number | null;
}

/**
 * A port: reads the tags of one audio file. Throws when there is no audio in it; an error that carries a `code`
 * (`EACCES`, `EIO`, `FFMPEG_MISSING`, …) is about circumstances, and the file is worth reading again later.
 */
export interface TagReader {
  read(path: string, signal: AbortSignal): Promise<RawTags>;
}

/** What this domain adds to Deps. */
export interface LibraryDeps {
  /** Reads the tags of audio files, for the index and for files that keep their own. */
  tagReader: TagReader;
}
