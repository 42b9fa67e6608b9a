import type { Readable } from 'node:stream';
import { toMediaError } from './errors.js';
import { streamFfmpeg } from './ffmpeg.js';
import type { Media } from './media.js';

type SynthesizeRequest = Parameters<Media['synthesize']>[0];

/** A reader may be as slow as a slow source; this bounds the cost of a forgotten stream. */
const TIME_LIMIT_MS = 1_800_000;

const CODEC_OPTIONS: Record<SynthesizeRequest['codec'], string[]> = {
  flac: ['-c:a', 'flac', '-sample_fmt', 's16', '-f', 'flac'],
  vorbis: ['-c:a', 'libvorbis', '-q:a', '5', '-f', 'ogg'],
  opus: ['-c:a', 'libopus', '-b:a', '128k', '-ar', '48000', '-f', 'ogg'],
  // The Xing frame is completed at the end, which a pipe does not allow.
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

function planSynthesis({ graph, durationMs, codec }: SynthesizeRequest) {
  return {
    inputs: [{ options: ['-nostdin', '-v', 'error', '-f', 'lavfi'], source: graph }],
    outputOptions: [
      '-t',
      String(durationMs / 1000),
      // No version, date or random stream number: the same graph produces the same bytes.
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
