import { open } from 'node:fs/promises';
import { InvalidAudioError } from './errors.js';
import { GUARDED_INPUT } from './ffmpeg.js';
import { type AudioProbe, LOSSLESS_CODECS } from './media.js';
import { lastTimeS, startTool } from './probe.js';
import { CHECKED_INPUT, COUNTED } from './transcode-plan.js';

export interface Decoded {
  /** Null when ffmpeg did not say. */
  decodedMs: number | null;
  /** What ffmpeg complained about, the last lines of it. */
  errors: string[];
}

/** Of one pass with `-v error -stats`. */
export function readDecoded(stderr: string): Decoded {
  const decodedS = lastTimeS(stderr);
  const lines = stderr.split(/[\r\n]+/).map((line) => line.trim());
  return {
    decodedMs: decodedS === null ? null : Math.round(decodedS * 1000),
    errors: lines.filter((line) => FAILURE.test(line) && !OF_PICTURE.test(line)),
  };
}

/** ffmpeg's words, of 2018 to 2025, for audio that it could not read, decode, or match with its checksum. */
const FAILURE = new RegExp(
  'Error while decoding stream|Error submitting (?:a )?packet to (?:the )?decoder|Decoding error|decode_frame\\(\\) failed' +
    '|CRC (?:error|mismatch|check failed)|corrupt input packet|corrupt decoded frame|Invalid data found when processing input' +
    '|Input/output error|Read error|Header missing|Invalid PCM packet|Multiple frames in a packet',
);
/** Pictures are decoded too, while ffmpeg finds out what is in the file. */
const OF_PICTURE = /^\[(?:png|mjpeg|jpeg\w*|gif|bmp|webp|tiff)\b/;

/** Decodes all of the first audio stream, for nothing else than to see that it can be. */
export async function decodeAudio(
  tools: { ffmpegPath: string },
  path: string,
  { signal, timeLimitMs }: { signal: AbortSignal; timeLimitMs: number },
): Promise<Decoded> {
  const options = ['-nostdin', '-v', 'error', '-stats', ...CHECKED_INPUT, '-threads', '1'];
  const output = ['-map', '0:a:0', ...COUNTED, '-f', 'null', '-'];
  const args = [...options, '-i', `file:${path}`, ...output];
  const result = await startTool(tools.ffmpegPath, args, { signal, timeLimitMs });
  if (result.killedFor === 'time') throw new InvalidAudioError('The audio could not be decoded in time.');
  if (/Decoder \(?[^\n]*not found|no decoder found/i.test(result.stderr))
    return { decodedMs: null, errors: [] };
  const decoded = readDecoded(result.stderr);
  return result.exitCode === 0 ? decoded : { ...decoded, decodedMs: decoded.decodedMs ?? 0 };
}

/** ffmpeg's words, of 2018 and of 2025, where it gives up reading. */
const STOPPED = /^(?:file:|\[in#).*: (?:Invalid data found|Input\/output error)/;

/** Encoder delays and rounding; with an error in it, less is accepted. */
const TOLERANCE_MS = 1_000;
const TOLERANCE_WITH_ERRORS_MS = 100;

/**
 * What is wrong, in words; null for whole audio. An error in lossless audio is always damage. In lossy audio it is when
 * something is missing: cut MP3s begin with a frame that cannot be decoded, and joined ones have tags in the middle.
 */
export function describeDamage(
  input: AudioProbe,
  { decodedMs, errors }: Decoded,
  skippedMs: number,
): string | null {
  const failed = errors.length > 0;
  // A Xing header may be of another file: what is there was decoded, without an error, to the end of the file.
  const isHeaderWrong = input.codec === 'mp3' && !failed && !input.cutOff;
  const expectedMs = input.durationMs + (input.estimated ? skippedMs : 0);
  const missingMs = decodedMs === null || isHeaderWrong ? 0 : expectedMs - decodedMs;
  if (missingMs > (failed ? TOLERANCE_WITH_ERRORS_MS : TOLERANCE_MS)) {
    return `The audio is damaged: ${seconds(missingMs)} of ${seconds(expectedMs)} s cannot be decoded.`;
  }
  if (input.estimated && errors.some((line) => STOPPED.test(line))) {
    return `The audio is damaged: reading it stopped after ${seconds(decodedMs ?? 0)} s.`;
  }
  if (!failed || !LOSSLESS_CODECS.test(input.codec)) return null;
  return `The audio is damaged: ${failures(errors.length)} in decoding it.`;
}

const failures = (count: number) => (count === 1 ? 'one failure' : `${count} failures`);

const seconds = (ms: number) => String(Math.round(ms / 100) / 10);

export const isWhole = (input: AudioProbe, decoded: Decoded): boolean =>
  describeDamage(input, decoded, 0) === null;

/** ffmpeg converts at twenty times playing speed and more; it takes this long only when it hangs. */
export const timeLimitFor = ({ durationMs }: AudioProbe): number => 300_000 + durationMs;

/** No frame of MP3, AAC, AC-3 or DTS is larger. */
const LARGEST_FRAME_BYTES = 8_192;

/** Between MP3s that were joined. */
const TAG_STARTS = ['ID3', 'TAG', 'APE'];

/**
 * The length of what was skipped in a stream that states none: bytes between frames, and chunks that are too large to be
 * one. Read only after an error.
 */
export async function measureSkipped(
  tools: { ffprobePath: string },
  path: string,
  { durationMs, isRawAac, signal }: { durationMs: number; isRawAac: boolean; signal: AbortSignal },
): Promise<number> {
  const entries = ['-select_streams', 'a:0', '-show_entries', 'packet=size,pos', '-of', 'compact=p=0:nk=0'];
  const args = ['-v', 'error', ...GUARDED_INPUT, ...entries, '-i', `file:${path}`];
  const { stdout } = await startTool(tools.ffprobePath, args, { signal, maxOutputBytes: 256 * 1_048_576 });
  const { gaps, end, audioBytes } = findGaps(stdout);
  const file = await open(path);
  try {
    // Of raw AAC, ffmpeg tells places as if there were no gap: what is missing is missing at the end.
    const { size } = await file.stat();
    let skipped = isRawAac && size > end ? size - end : 0;
    for (const gap of gaps) {
      const { buffer } = await file.read(Buffer.alloc(3), 0, 3, gap.pos);
      if (!TAG_STARTS.includes(buffer.toString('latin1'))) skipped += gap.bytes;
    }
    return audioBytes === 0 ? 0 : (skipped / audioBytes) * durationMs;
  } finally {
    await file.close();
  }
}

function findGaps(packets: string): {
  gaps: { pos: number; bytes: number }[];
  end: number;
  audioBytes: number;
} {
  const gaps: { pos: number; bytes: number }[] = [];
  let [end, audioBytes] = [-1, 0];
  for (const line of packets.split('\n')) {
    const size = Number(/\bsize=(\d+)/.exec(line)?.[1]);
    const pos = Number(/\bpos=(\d+)/.exec(line)?.[1]);
    if (!(size > 0) || !(pos >= 0)) continue;
    if (end >= 0 && pos > end) gaps.push({ pos: end, bytes: pos - end });
    if (size > LARGEST_FRAME_BYTES) gaps.push({ pos, bytes: size });
    else audioBytes += size;
    end = pos + size;
  }
  return { gaps, end, audioBytes };
}
