import type { Readable } from 'node:stream';
import { streamFfmpeg } from './ffmpeg.js';
import { toMediaError } from './ffmpeg-failure.js';
import type { Media } from './media.js';

export type SynthesizeRequest = Parameters<Media['synthesize']>[0];

/** A reader may take its time over it, as slow sources do; this bounds what a forgotten stream can cost. */
const TIME_LIMIT_MS = 1_800_000;

const CODEC_OPTIONS: Record<SynthesizeRequest['codec'], string[]> = {
  flac: ['-c:a', 'flac', '-sample_fmt', 's16', '-f', 'flac'],
  vorbis: ['-c:a', 'libvorbis', '-q:a', '5', '-f', 'ogg'],
  opus: ['-c:a', 'libopus', '-b:a', '128k', '-ar', '48000', '-f', 'ogg'],
  // The Xing frame would have to be filled in at the end, which a pipe does not allow.
  mp3: ['-c:a', 'libmp3lame', '-b:a', '192k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'],
};

export function synthesizeAudio(
  ffmpegPath: string,
  request: SynthesizeRequest,
  signal: AbortSignal,
): Readable {
  return streamFfmpeg(ffmpegPath, planSynthesis(request), {
    signal,
    timeLimitMs: TIME_LIMIT_MS,
    toFailure: toMediaError,
  });
}

export function planSynthesis({ graph, durationMs, codec }: SynthesizeRequest) {
  return {
    inputs: [{ options: ['-nostdin', '-v', 'error', '-f', 'lavfi'], source: graph }],
    outputOptions: [
      '-t',
      String(durationMs / 1000),
      // No version, date or random stream number in the file: the same graph gives the same bytes.
      '-fflags',
      '+bitexact',
      '-flags:a',
      '+bitexact',
      '-map_metadata',
      '-1',
      '-threads',
      '1',
      ...CODEC_OPTIONS[codec],
    ],
  };
}
