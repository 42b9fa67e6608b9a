import { type Container, containerFor, FORMAT_FACTS } from './containers.js';
import { FormatUnavailableError } from './errors.js';
import { type FfmpegJob, GUARDED_INPUT } from './ffmpeg.js';
import { type AudioFormat, type AudioProbe, BITRATE_RANGES, type TranscodeRequest } from './media.js';

type PlanRequest = Pick<
  TranscodeRequest,
  'inputPath' | 'input' | 'format' | 'bitrateKbps' | 'maxOutputBytes'
>;

export interface PlanFiles {
  carrierPath: string;
  cover: 'none' | 'stream' | { attach: string; mime: string };
}

export const COVER_WAYS: Record<Container, 'stream' | 'tag' | 'attachment' | 'chunk'> = {
  mp3: 'stream',
  m4a: 'stream',
  flac: 'stream',
  ogg: 'tag',
  opus: 'tag',
  mka: 'attachment',
  wav: 'chunk',
};

const DEFAULT_BITRATES_KBPS = { MP3: 320, AAC: 256, OGG: 256, OPUS: 160 };
type LossyFormat = keyof typeof DEFAULT_BITRATES_KBPS;

/** All players and encoders of lossy formats support up to this rate, and stereo. */
const LOSSY_MAX_SAMPLE_RATE_HZ = 48_000;
const LOSSY_MAX_CHANNELS = 2;

/** A source's bitrate is often a little above its nominal one. */
const BITRATE_TOLERANCE = 1.05;

/** Without the output's path. Throws FormatUnavailableError when the encoder is missing. */
export function planTranscode(
  request: PlanRequest,
  encoders: ReadonlySet<string>,
  files: PlanFiles,
): FfmpegJob {
  const container = containerFor(request.format, request.input.codec);
  return {
    inputs: [
      {
        // -nostdin: do not read keys from the terminal. -v error -stats: errors and one progress line only.
        // -threads 1: audio decodes fast enough, and several tasks run at once.
        options: ['-nostdin', '-v', 'error', '-stats', ...GUARDED_INPUT, '-threads', '1'],
        source: `file:${request.inputPath}`,
      },
      {
        options: ['-protocol_whitelist', 'file', '-f', 'matroska'],
        source: `file:${files.carrierPath}`,
      },
    ],
    outputOptions: [
      '-map',
      '0:a:0',
      ...coverOptions(files.cover),
      ...audioOptions(request, encoders),
      ...metadataOptions(container),
      '-threads',
      '1',
      // Stops soon after so many bytes, and reports success.
      '-fs',
      String(request.maxOutputBytes),
      ...MUXERS[container],
    ],
  };
}

function isCopy({ format, input, bitrateKbps }: PlanRequest): boolean {
  if (format === 'KEEP') return true;
  const facts = FORMAT_FACTS[format];
  if (!facts.codecs.includes(input.codec)) return false;
  if (!isLossy(format) || bitrateKbps === null) return true;
  return input.bitrateKbps !== null && input.bitrateKbps <= bitrateKbps * BITRATE_TOLERANCE;
}

/** A copied FLAC file that does not state its length still does not; encoded again it does, without loss. */
function needsLength({ input }: PlanRequest, encoders: ReadonlySet<string>): boolean {
  return input.codec === 'flac' && input.streamed === true && encoders.has('flac');
}

function coverOptions(cover: PlanFiles['cover']): string[] {
  if (cover === 'none') return [];
  if (cover === 'stream') {
    // ffmpeg takes the kind of picture from the stream's comment, in ID3 and FLAC.
    const kind = ['-metadata:s:v:0', 'comment=Cover (front)'];
    return ['-map', '1:v:0', '-c:v', 'copy', '-disposition:v:0', 'attached_pic', ...kind];
  }
  const filename = `filename=cover.${cover.mime === 'image/png' ? 'png' : 'jpg'}`;
  const facts = ['-metadata:s:t:0', `mimetype=${cover.mime}`, '-metadata:s:t:0', filename];
  return ['-attach', `file:${cover.attach}`, ...facts];
}

function audioOptions(request: PlanRequest, encoders: ReadonlySet<string>): string[] {
  if (isCopy(request) && needsLength(request, encoders)) return losslessOptions('FLAC', request.input);
  if (request.format === 'KEEP' || isCopy(request)) return ['-c:a', 'copy'];
  const { format } = request;
  if (!encoders.has(FORMAT_FACTS[format].encoder)) {
    throw new FormatUnavailableError(`The installed ffmpeg cannot make ${format}.`);
  }
  if (!isLossy(format)) return losslessOptions(format, request.input);
  return [...qualityOptions(format, request.bitrateKbps), ...channelOptions(request)];
}

function isLossy(format: AudioFormat): format is LossyFormat {
  return format in DEFAULT_BITRATES_KBPS;
}

/** Without -sample_fmt ffmpeg makes 24-bit files of a lossy source's floats, 50 % larger for nothing. */
function losslessOptions(format: AudioFormat, input: AudioProbe): string[] {
  const deep = (input.bitDepth ?? 16) > 16;
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

/** All tags come from the carrier. Ogg keeps tags on the audio stream: there the stream's mapping decides. */
function metadataOptions(container: Container): string[] {
  const onStream = container === 'ogg' || container === 'opus' ? '1:g' : '-1';
  return ['-map_metadata', '1', '-map_metadata:s:a:0', onStream, '-map_chapters', '-1'];
}

/** -id3v2_version 4: UTF-8. -write_xing 1: states an MP3's length. ipod: `.m4a`, AAC or ALAC. */
const MUXERS: Record<Container, string[]> = {
  mp3: ['-id3v2_version', '4', '-write_xing', '1', '-f', 'mp3'],
  m4a: ['-f', 'ipod'],
  ogg: ['-f', 'ogg'],
  opus: ['-f', 'opus'],
  flac: ['-f', 'flac'],
  wav: ['-f', 'wav'],
  mka: ['-f', 'matroska'],
};
