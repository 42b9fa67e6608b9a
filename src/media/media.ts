import type { Readable } from 'node:stream';

export const AUDIO_FORMATS = ['KEEP', 'MP3', 'AAC', 'OGG', 'OPUS', 'FLAC', 'WAV', 'ALAC'] as const;
export type AudioFormat = (typeof AUDIO_FORMATS)[number];

/** ffmpeg's names of the codecs; WAV holds any `pcm_…`. */
export const CODEC_OF_FORMAT: Record<Exclude<AudioFormat, 'KEEP'>, string> = {
  MP3: 'mp3',
  AAC: 'aac',
  OGG: 'vorbis',
  OPUS: 'opus',
  FLAC: 'flac',
  WAV: 'pcm',
  ALAC: 'alac',
};

/** In kbit/s; lossless formats take none. */
export const BITRATE_RANGES: Partial<Record<AudioFormat, { min: number; max: number }>> = {
  MP3: { min: 32, max: 320 },
  AAC: { min: 32, max: 256 },
  OGG: { min: 64, max: 320 },
  OPUS: { min: 32, max: 256 },
};

export const LOSSLESS_CODECS =
  /^(?:flac|alac|wavpack|ape|tta|tak|shorten|mlp|truehd|wmalossless|dsd_\w+|pcm_.*)$/;

export interface TrackTags {
  title: string;
  artists: string[];
  album: string | null;
  albumArtists: string[];
  trackNumber: number | null;
  trackTotal: number | null;
  discNumber: number | null;
  discTotal: number | null;
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
  date: string | null;
  isrc: string | null;
  upc: string | null;
  genres: string[];
  label: string | null;
  copyright: string | null;
  /** Who supplied the audio, and on what licence. A comment is its owner's, and stays. */
  source: string | null;
  licence: string | null;
  /** Ids that people rely on who tag with MusicBrainz: those that a file has already stay. */
  musicBrainz?: MusicBrainzIds | null;
}

export interface MusicBrainzIds {
  recordingId: string;
  releaseTrackId: string | null;
  releaseId: string | null;
  releaseGroupId: string | null;
  artistIds: string[];
  albumArtistIds: string[];
}

export interface AudioProbe {
  container: string;
  codec: string;
  /** Of the stream, or the file's mean without its cover. */
  bitrateKbps: number | null;
  durationMs: number;
  sampleRateHz: number;
  channels: number;
  /** ffmpeg's name, where there are more than two and the file says what they are: `5.1`, `quad`. */
  channelLayout?: string;
  bitDepth?: number;
  /** The file does not state its length, like one written to a pipe; `durationMs` was counted. */
  streamed?: true;
  /** ffprobe guessed the length from the bitrate, as of an MP3 without a Xing header; `durationMs` was counted. */
  estimated?: true;
  /** The file is shorter than its own header says. */
  cutOff?: true;
  /** It has video, or a second audio stream. */
  extraStreams?: true;
  /** Of the file's name, in lower case; absent without one. */
  extension?: string;
  hasCover: boolean;
  /** Those that this program uses, with keys in lower case, each cut to 10,000 characters. */
  tags: Record<string, string>;
}

/** The same in each file that has the same audio. */
export type AudioFacts = Pick<AudioProbe, 'container' | 'codec' | 'bitrateKbps' | 'durationMs'>;

/** Audio that was once decoded whole, without an error: its bytes need not be decoded, or probed, again. */
export interface Verified {
  /** Of audio-digest.ts. */
  sha256: string;
  decodedMs: number;
  /** Of the file that was decoded. Null: not kept. */
  probe: AudioProbe | null;
}

export interface TranscodeRequest {
  inputPath: string;
  /** A new file, in a folder that only we can write in: ffmpeg would follow a link. */
  outputPath: string;
  /** With more it fails as TRACK_TOO_LARGE. */
  maxOutputBytes: number;
  /** Of a file that was verified it may be the probe of that time. */
  input: AudioProbe;
  format: AudioFormat;
  /** Null: the format's usual quality, or the source's when copied. */
  bitrateKbps: number | null;
  /** For several values of a tag, where the container has no better way. */
  artistSeparator: string;
  tags: TrackTags;
  /** `fill`: tags and the cover only where the source has none. All that is not in `tags` stays as the source has it. */
  tagPolicy: 'replace' | 'fill';
  cover: Uint8Array | null;
  /** A copy of these very bytes is not decoded again. */
  verified?: Verified | null;
}

export interface Transcoded {
  /** That of the request, or of now, where the audio is no longer what was verified. */
  input: AudioProbe;
  output: AudioFacts;
  /** Counted; what a header states is a hint. Null when ffmpeg did not say. */
  decodedMs: number | null;
  /** Of a copy, where its format allows. */
  verified: Verified | null;
}

export interface Media {
  /** Null when ffmpeg or ffprobe cannot be run; then `problem` says why. */
  readonly tools: { ffmpegPath: string; ffprobePath: string; version: string } | null;
  readonly problem: string | null;
  /** Formats whose encoders this ffmpeg has; KEEP whenever there is an ffmpeg. */
  readonly formats: ReadonlySet<AudioFormat>;
  probe(path: string, signal: AbortSignal): Promise<AudioProbe>;
  /**
   * Copies the bytes when they already fit, else converts; then writes tags and cover. Throws DamagedAudioError when
   * part of the audio cannot be decoded.
   */
  transcode(
    request: TranscodeRequest,
    options: { signal: AbortSignal; onProgress(percent: number): void },
  ): Promise<Transcoded>;
  /** Decodes all of it. Null for what is not whole, and for formats whose copies are decoded each time. */
  verify(path: string, signal: AbortSignal): Promise<Verified | null>;
  /** The file extension, without a dot, that a request's output takes: `m4a`, `ogg`, `opus`, … */
  extensionFor(format: AudioFormat, input: AudioProbe): string;
  /** From a filter graph (`-f lavfi -i <graph>`), written to the stream as it is made. */
  synthesize(
    request: { graph: string; durationMs: number; codec: 'flac' | 'vorbis' | 'mp3' | 'opus' },
    signal: AbortSignal,
  ): Readable;
  /** Ends the processes that write tags. */
  stop(): void;
}
