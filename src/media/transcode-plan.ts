import { type Container, FORMAT_FACTS, isInContainer, keptExtension } from './containers.js';
import { FormatUnavailableError } from './errors.js';
import { type FfmpegJob, GUARDED_INPUT } from './ffmpeg.js';
import {
  type AudioFormat,
  type AudioProbe,
  BITRATE_RANGES,
  LOSSLESS_CODECS,
  type TranscodeRequest,
} from './media.js';
import type { Loudness } from './write-tags.js';

type PlanRequest = Pick<
  TranscodeRequest,
  'inputPath' | 'input' | 'format' | 'bitrateKbps' | 'maxOutputBytes'
>;

const DEFAULT_BITRATES_KBPS = { MP3: 320, AAC: 256, OGG: 256, OPUS: 160 };
type LossyFormat = keyof typeof DEFAULT_BITRATES_KBPS;

/** All players and encoders of lossy formats support up to this rate, and stereo. */
const LOSSY_MAX_SAMPLE_RATE_HZ = 48_000;
const LOSSY_MAX_CHANNELS = 2;

/** A source's bitrate is often a little above its nominal one. */
const BITRATE_TOLERANCE = 1.05;

/**
 * The audio alone, without the output's path: tags and the cover are written afterwards. Null when the file's bytes are
 * to be copied as they are. Throws FormatUnavailableError when the encoder is missing.
 */
export function planTranscode(request: PlanRequest, encoders: ReadonlySet<string>): FfmpegJob | null {
  if (isByteCopy(request, encoders)) return null;
  const format = formatMade(request);
  const { container } = FORMAT_FACTS[format];
  return {
    inputs: [
      {
        // -nostdin: do not read keys from the terminal. -v error -stats: errors and one progress line only.
        // -threads 1: audio decodes fast enough, and several tasks run at once.
        options: ['-nostdin', '-v', 'error', '-stats', ...CHECKED_INPUT, '-threads', '1'],
        source: `file:${request.inputPath}`,
      },
    ],
    outputOptions: [
      '-map',
      '0:a:0',
      ...audioOptions(request, encoders),
      // Chapters stay, with their titles (:g); all tags are written afterwards.
      '-map_metadata:g',
      '-1',
      '-map_metadata:s:a:0',
      '-1',
      '-map_chapters',
      '0',
      '-threads',
      '1',
      // Stops soon after so many bytes, and reports success.
      '-fs',
      String(request.maxOutputBytes),
      ...MUXERS[container],
    ],
  };
}

/** crccheck: without it FLAC and Ogg are not held against their own checksums. */
export const CHECKED_INPUT = [...GUARDED_INPUT, '-err_detect', 'crccheck'];

/** Numbers the samples anew, so that ffmpeg's `time=` is the length of what was decoded and a gap is no silence. */
export const COUNTED = ['-af', 'asetpts=N/SR/TB'];

/** The file extension of what is made. */
export function extensionOf(format: AudioFormat, input: AudioProbe): string {
  return format === 'KEEP' ? keptExtension(input) : FORMAT_FACTS[format].container;
}

/** What converting does to measured loudness. */
export function loudnessOf(request: Pick<PlanRequest, 'format' | 'input'>): Loudness {
  const { format, input } = request;
  const isLossless = !isLossy(format) && LOSSLESS_CODECS.test(input.codec);
  return { keep: mixesDown(request) ? 'none' : isLossless ? 'all' : 'gains', asR128: format === 'OPUS' };
}

/** More than two channels, for a lossy format. */
export function mixesDown({ format, input }: Pick<PlanRequest, 'format' | 'input'>): boolean {
  return isLossy(format) && input.channels > LOSSY_MAX_CHANNELS;
}

function isByteCopy(request: PlanRequest, encoders: ReadonlySet<string>): boolean {
  const { format, input } = request;
  if (needsLength(request, encoders)) return false;
  if (format === 'KEEP') return true;
  // A copy without a header that states its length gets one, as the format is usually made.
  return isCopy(request) && isInContainer(input, format) && !input.estimated && !input.extraStreams;
}

/** A kept file is converted only to state its length (`needsLength`). */
function formatMade({ format }: PlanRequest): Exclude<AudioFormat, 'KEEP'> {
  return format === 'KEEP' ? 'FLAC' : format;
}

function isCopy({ format, input, bitrateKbps }: PlanRequest): boolean {
  if (format === 'KEEP') return true;
  const facts = FORMAT_FACTS[format];
  if (!facts.codecs.includes(input.codec)) return false;
  if (!isLossy(format) || bitrateKbps === null) return true;
  return input.bitrateKbps !== null && input.bitrateKbps <= bitrateKbps * BITRATE_TOLERANCE;
}

/** A copied FLAC file that does not state its length still does not; encoded again it does, without loss. */
function needsLength({ format, input }: PlanRequest, encoders: ReadonlySet<string>): boolean {
  const isFlac = format === 'FLAC' ? input.codec === 'flac' : format === 'KEEP' && input.container === 'flac';
  return isFlac && input.streamed === true && encoders.has('flac');
}

function audioOptions(request: PlanRequest, encoders: ReadonlySet<string>): string[] {
  if (isCopy(request) && !needsLength(request, encoders)) return ['-c:a', 'copy'];
  const format = formatMade(request);
  if (!encoders.has(FORMAT_FACTS[format].encoder)) {
    throw new FormatUnavailableError(`The installed ffmpeg cannot make ${format}.`);
  }
  if (!isLossy(format)) return [...losslessOptions(format, request.input), ...COUNTED];
  return [...qualityOptions(format, request.bitrateKbps), ...channelOptions(request), ...COUNTED];
}

function isLossy(format: AudioFormat): format is LossyFormat {
  return format in DEFAULT_BITRATES_KBPS;
}

/** Of FLAC and ALAC. */
const LOSSLESS_MAX_CHANNELS = 8;

/** Any other ffmpeg would mix into one of these without a word. Side and back are the same speakers where only one is. */
const LAYOUTS: Partial<Record<AudioFormat, RegExp>> = {
  FLAC: /^(?:3\.0|quad|5\.[01](?:\(side\))?|6\.1|7\.1)$/,
  ALAC: /^(?:3\.0|4\.0|5\.[01](?:\(side\))?|6\.1\(back\)|7\.1\(wide\))$/,
};

/** Without -sample_fmt ffmpeg makes 24-bit files of a lossy source's floats, 50 % larger for nothing. */
function losslessOptions(format: AudioFormat, input: AudioProbe): string[] {
  const deep = (input.bitDepth ?? 16) > 16;
  if (format !== 'WAV' && input.channels > LOSSLESS_MAX_CHANNELS) {
    throw new FormatUnavailableError(
      `${format} holds at most ${LOSSLESS_MAX_CHANNELS} channels, and this audio has ${input.channels}. Use KEEP or WAV.`,
    );
  }
  const { channelLayout } = input;
  if (channelLayout !== undefined && LAYOUTS[format]?.test(channelLayout) === false) {
    throw new FormatUnavailableError(
      `${format} does not hold the channel layout "${channelLayout}" of this audio. Use KEEP or WAV.`,
    );
  }
  if (format === 'WAV') return ['-c:a', deep ? 'pcm_s24le' : 'pcm_s16le'];
  if (format === 'ALAC') return ['-c:a', 'alac', '-sample_fmt', deep ? 's32p' : 's16p'];
  return ['-c:a', 'flac', '-sample_fmt', deep ? 's32' : 's16'];
}

function qualityOptions(format: LossyFormat, requestedKbps: number | null): string[] {
  const { min, max } = BITRATE_RANGES[format] ?? { min: 0, max: Infinity };
  const kbps = Math.min(max, Math.max(min, requestedKbps ?? DEFAULT_BITRATES_KBPS[format]));
  const quality = format === 'OGG' ? ['-q:a', vorbisQuality(kbps)] : ['-b:a', `${kbps}k`];
  // Unconstrained, libopus spends up to twice the requested bitrate on tonal music.
  const held = format === 'OPUS' ? ['-vbr', 'constrained'] : [];
  return ['-c:a', FORMAT_FACTS[format].encoder, ...quality, ...held];
}

/** Nominal kbit/s of Vorbis's qualities 0 to 10, stereo at 44.1 kHz. */
const VORBIS_KBPS = [64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500];

/** libvorbis rejects bitrates that do not suit the channels and the sample rate; it accepts any quality. */
export function vorbisQuality(kbps: number): string {
  const above = VORBIS_KBPS.findIndex((nominal) => nominal >= kbps);
  if (above === -1) return '10';
  const high = VORBIS_KBPS[above] ?? kbps;
  const low = VORBIS_KBPS[above - 1];
  if (low === undefined) return '0';
  return String(Math.round((above - 1 + (kbps - low) / (high - low)) * 100) / 100);
}

function channelOptions({ format, input }: PlanRequest): string[] {
  const channels = input.channels > LOSSY_MAX_CHANNELS ? ['-ac', String(LOSSY_MAX_CHANNELS)] : [];
  return [...channels, ...sampleRateOptions(format, input.sampleRateHz)];
}

/** Opus takes only 48 kHz of the usual rates; a higher rate becomes 44.1 or 48 kHz, whichever divides it. */
function sampleRateOptions(format: AudioFormat, rateHz: number): string[] {
  if (format === 'OPUS') return ['-ar', '48000'];
  if (rateHz <= LOSSY_MAX_SAMPLE_RATE_HZ) return [];
  return ['-ar', rateHz % 44_100 === 0 ? '44100' : '48000'];
}

/** -id3v2_version 4: for chapters. -write_xing 1: states an MP3's length. ipod: `.m4a`, AAC or ALAC. */
const MUXERS: Record<Container, string[]> = {
  mp3: ['-id3v2_version', '4', '-write_xing', '1', '-f', 'mp3'],
  m4a: ['-f', 'ipod'],
  ogg: ['-f', 'ogg'],
  opus: ['-f', 'opus'],
  flac: ['-f', 'flac'],
  wav: ['-f', 'wav'],
};
