import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { z } from 'zod';
import { describeFileLimit } from '../lib/disk-errors.js';
import { systemCodeOf } from '../lib/errors.js';
import { FfmpegMissingError, FileLimitError, InvalidAudioError } from './errors.js';
import { GUARDED_INPUT } from './ffmpeg.js';
import type { AudioProbe } from './media.js';
import { runTool, type ToolLimits } from './run-tool.js';
import { parseJson } from '../lib/parse-json.js';

const PROBE_LIMITS = { timeLimitMs: 30_000, maxOutputBytes: 8 * 1_048_576 };

const number = z.coerce.number().optional().catch(undefined);
/** Lyrics and comments may be megabytes; what is read of tags is names and numbers. */
const MAX_TAG_LENGTH = 10_000;
const text = z.string().transform((value) => value.slice(0, MAX_TAG_LENGTH));
const tags = z.record(z.string(), text).default({});

const stream = z.object({
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  duration: number,
  bit_rate: number,
  sample_rate: number,
  channels: number,
  channel_layout: z.string().optional(),
  bits_per_sample: number,
  bits_per_raw_sample: number,
  disposition: z.object({ attached_pic: number }).optional(),
  tags,
});

const report = z.object({
  streams: z.array(stream).default([]),
  packets: z.array(z.object({ codec_type: z.string().optional(), size: number })).default([]),
  format: z.object({ format_name: z.string(), duration: number, size: number, tags }),
});

/** A file may have any number of tags: ffprobe reports these, in upper or lower case. */
const TAGS = [
  ...['title', 'artist', 'album', 'album_artist', 'albumartist', 'compilation', 'genre', 'date', 'year'],
  ...['track', 'tracknumber', 'tracktotal', 'totaltracks', 'disc', 'discnumber', 'disctotal', 'totaldiscs'],
  ...['isrc', 'tsrc', 'barcode', 'upc', 'label', 'publisher', 'organization'],
  ...['copyright', 'license', 'licence'],
].join();

const ENTRIES = [
  'format=format_name,duration,size',
  `format_tags=${TAGS}`,
  'stream=codec_type,codec_name,duration,bit_rate,sample_rate,channels,channel_layout,bits_per_sample,bits_per_raw_sample',
  'stream_disposition=attached_pic',
  `stream_tags=${TAGS}`,
  'packet=codec_type,size',
].join(':');

const probe = z.object({
  container: z.string(),
  codec: z.string(),
  bitrateKbps: z.number().nullable(),
  durationMs: z.number(),
  sampleRateHz: z.number(),
  channels: z.number(),
  channelLayout: z.string().exactOptional(),
  bitDepth: z.number().exactOptional(),
  streamed: z.literal(true).exactOptional(),
  estimated: z.literal(true).exactOptional(),
  cutOff: z.literal(true).exactOptional(),
  extraStreams: z.literal(true).exactOptional(),
  extension: z.string().exactOptional(),
  hasCover: z.boolean(),
  tags: z.record(z.string(), z.string()),
});

/** One that was kept as JSON; null for none, or one of another version. */
export function parseProbe(json: string | null): AudioProbe | null {
  return probe.safeParse(parseJson(json ?? '')).data ?? null;
}

type Report = z.infer<typeof report>;
type Stream = z.infer<typeof stream>;

export async function probeAudio(
  tools: { ffmpegPath: string; ffprobePath: string },
  path: string,
  signal: AbortSignal,
): Promise<AudioProbe> {
  const { size } = await stat(path);
  if (size === 0) throw new InvalidAudioError('The file is empty.');
  const { report: found, warnings } = await readReport(tools.ffprobePath, path, signal);
  const audio = found.streams.find((candidate) => candidate.codec_type === 'audio');
  if (!audio?.codec_name || !audio.sample_rate || !audio.channels) {
    throw new InvalidAudioError('The file has no audio in it.');
  }
  const estimated = ESTIMATED.test(warnings);
  const statedS = estimated ? null : statedLength(found, audio);
  const durationS = statedS ?? (await countDuration(tools.ffmpegPath, path, signal));
  if (durationS === null || !(durationS > 0)) throw new InvalidAudioError('The audio has no length.');
  return {
    ...toProbe(found, audio, durationS),
    ...(statedS === null && !estimated ? { streamed: true } : {}),
    ...(estimated ? { estimated: true } : {}),
    ...(CUT_OFF.test(warnings) ? { cutOff: true } : {}),
    extension: extname(path).slice(1).toLowerCase(),
  };
}

/** ffmpeg's words for a length that the file does not state, and for a file shorter than its Xing header says. */
const ESTIMATED = /Estimating duration from bitrate/;
const CUT_OFF = /filesize and duration do not match/;

/** Of the audio: a chapter track of an MP4 may be longer. */
function statedLength({ format }: Report, audio: Stream): number | null {
  const stated = [format.duration, audio.duration].filter((value) => value !== undefined);
  return stated.length === 0 ? null : Math.min(...stated);
}

async function readReport(
  ffprobePath: string,
  path: string,
  signal: AbortSignal,
): Promise<{ report: Report; warnings: string }> {
  // Only the first packet: a cover comes before all audio, and its size is reported nowhere else.
  const packets = ['-read_intervals', '%+#1'];
  const output = ['-show_entries', ENTRIES, ...packets, '-of', 'json'];
  const args = ['-v', 'warning', ...GUARDED_INPUT, ...output, '-i', `file:${path}`];
  const result = await startTool(ffprobePath, args, { signal });
  if (result.killedFor === 'time') throw new InvalidAudioError('The file could not be read within 30 s.');
  const parsed = result.exitCode === 0 ? report.safeParse(parseJson(result.stdout)) : null;
  if (parsed?.success) return { report: parsed.data, warnings: result.stderr };
  throw new InvalidAudioError('The file is not readable audio.', { cause: new Error(result.stderr) });
}

/** Files written to a pipe (FLAC above all) do not state their length, so all packets are read. */
async function countDuration(ffmpegPath: string, path: string, signal: AbortSignal): Promise<number | null> {
  const readAll = ['-map', '0:a:0', '-c', 'copy', '-f', 'null', '-'];
  const args = ['-nostdin', '-v', 'error', '-stats', ...GUARDED_INPUT, '-i', `file:${path}`, ...readAll];
  const { stderr } = await startTool(ffmpegPath, args, { signal });
  return lastTimeS(stderr);
}

export function lastTimeS(lines: string): number | null {
  const last = [...lines.matchAll(/time=(\d+):(\d\d):(\d\d(?:\.\d+)?)/g)].at(-1);
  return last ? Number(last[1]) * 3600 + Number(last[2]) * 60 + Number(last[3]) : null;
}

export async function startTool(
  path: string,
  args: string[],
  limits: Partial<ToolLimits> & { signal: AbortSignal },
) {
  try {
    return await runTool(path, args, { ...PROBE_LIMITS, ...limits });
  } catch (error) {
    if (limits.signal.aborted || systemCodeOf(error) === null) throw error;
    const fileLimit = describeFileLimit(error);
    if (fileLimit !== null) throw new FileLimitError(fileLimit, { cause: error });
    throw new FfmpegMissingError('ffprobe or ffmpeg can no longer be started.', { cause: error });
  }
}

function toProbe(found: Report, audio: Stream, durationS: number): AudioProbe {
  const bitDepth = audio.bits_per_raw_sample || audio.bits_per_sample;
  return {
    container: found.format.format_name,
    codec: audio.codec_name ?? '',
    bitrateKbps: Math.round((audio.bit_rate ?? meanBitrate(found, durationS)) / 1000) || null,
    durationMs: Math.round(durationS * 1000),
    sampleRateHz: audio.sample_rate ?? 0,
    channels: audio.channels ?? 0,
    ...((audio.channels ?? 0) > 2 && audio.channel_layout ? { channelLayout: audio.channel_layout } : {}),
    ...(bitDepth ? { bitDepth } : {}),
    hasCover: found.streams.some(isPicture),
    ...(hasExtraStreams(found, audio) ? { extraStreams: true } : {}),
    tags: { ...lowerCaseKeys(audio.tags), ...lowerCaseKeys(found.format.tags) },
  };
}

const isPicture = (candidate: Stream) => candidate.disposition?.attached_pic === 1;

function hasExtraStreams({ streams }: Report, audio: Stream): boolean {
  const others = streams.filter((each) => each !== audio && !isPicture(each));
  return others.some(({ codec_type: type }) => type === 'audio' || type === 'video');
}

/** For codecs that state no bitrate (Opus, FLAC): without the cover, which Ogg holds in base64. */
function meanBitrate({ format, packets }: Report, durationS: number): number {
  const cover = packets.find((packet) => packet.codec_type === 'video')?.size ?? 0;
  const coverBytes = format.format_name === 'ogg' ? (cover * 4) / 3 : cover;
  return (Math.max(0, (format.size ?? 0) - coverBytes) * 8) / durationS;
}

function lowerCaseKeys(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value]));
}
