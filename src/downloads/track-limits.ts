import { statfs } from 'node:fs/promises';
import type { Rendition } from '../catalog/audio-source.js';
import { DiskFullError, TrackTooLargeError } from '../media/errors.js';
import { LOSSLESS_CODECS, type AudioProbe } from '../media/media.js';
import type { Settings } from '../settings/settings.js';
import type { DownloadOptions } from '../tasks/download-options.js';
import type { TrackDownload } from './plan-track.js';
import { nearestExisting } from './target-file.js';

type Limits = Pick<Settings, 'maxTrackSeconds'>;
type Encoding = Pick<DownloadOptions, 'format' | 'bitrateKbps'>;

/** Null or 0 is unknown. */
export function checkLength({ track, settings }: TrackDownload, durationMs: number | null): void {
  const { maxTrackSeconds } = settings;
  const seconds = Math.round((durationMs ?? 0) / 1000);
  if (seconds <= maxTrackSeconds) return;
  throw new TrackTooLargeError(
    `"${track.title}" is ${seconds} s long; the longest track allowed is ${maxTrackSeconds} s ("maxTrackSeconds").`,
  );
}

/** Covers and tags, however short the track is. */
const OVERHEAD_BYTES = 32 * 1_048_576;
/** A stated length is a hint, and a much longer track fails later anyway (audio-quality.ts). */
const LENGTH_MARGIN = { share: 1.1, seconds: 10 };
/** Stereo at 192 kHz and 32 bits, uncompressed. */
const LARGEST_FETCH_BYTES_PER_S = 192_000 * 2 * 4;

export function largestFetch(statedMs: number, limits: Limits): number {
  return OVERHEAD_BYTES + longestSeconds(statedMs, limits) * LARGEST_FETCH_BYTES_PER_S;
}

/** As much as uncompressed audio takes: no format that we make takes more. */
export function largestOutput(input: AudioProbe, limits: Limits): number {
  const perSecond = Math.max(48_000, input.sampleRateHz) * Math.max(2, input.channels) * sampleBytes(input);
  return Math.ceil(OVERHEAD_BYTES + longestSeconds(input.durationMs, limits) * perSecond);
}

function longestSeconds(statedMs: number, { maxTrackSeconds }: Limits): number {
  if (statedMs <= 0) return maxTrackSeconds;
  return Math.min(maxTrackSeconds, statedMs / 1000) * LENGTH_MARGIN.share + LENGTH_MARGIN.seconds;
}

function sampleBytes({ bitDepth }: Pick<AudioProbe, 'bitDepth'>): number {
  return (bitDepth ?? 16) > 16 ? 4 : 2;
}

export function tooManyBytes({ source }: Rendition, maxBytes: number): TrackTooLargeError {
  return new TrackTooLargeError(
    `${source} sent more than ${megabytes(maxBytes)} MB, which is too much for a track of this length.`,
  );
}

/** Rather too little than too much: a track that would fit must not fail. */
const LEAST_KBPS = { lossless: 300, lossy: 64 };

export function estimateFetch(
  { localPath, sizeBytes, codec, bitrateKbps }: Rendition,
  durationMs: number,
): number {
  if (localPath !== null) return 0;
  const least = LOSSLESS_CODECS.test(codec ?? '') ? LEAST_KBPS.lossless : LEAST_KBPS.lossy;
  return sizeBytes ?? bytesOf(durationMs, bitrateKbps ?? least);
}

/** `input` is null while nothing is known of the audio. */
export function estimateOutput(
  { format, bitrateKbps }: Encoding,
  { durationMs, input }: { durationMs: number; input: AudioProbe | null },
): number {
  if (format === 'WAV') return bytesOf(durationMs, pcmKbps(input ?? CD_AUDIO));
  if (format === 'FLAC' || format === 'ALAC') return bytesOf(durationMs, LEAST_KBPS.lossless / 2);
  if (format === 'KEEP') return bytesOf(durationMs, input?.bitrateKbps ?? LEAST_KBPS.lossy);
  return bytesOf(durationMs, bitrateKbps ?? LEAST_KBPS.lossy);
}

const CD_AUDIO = { sampleRateHz: 44_100, channels: 2 };

function pcmKbps(audio: Pick<AudioProbe, 'sampleRateHz' | 'channels' | 'bitDepth'>): number {
  const bits = (audio.bitDepth ?? 16) > 16 ? 24 : 16;
  return (audio.sampleRateHz * audio.channels * bits) / 1000;
}

function bytesOf(durationMs: number, kbps: number): number {
  return (Math.max(0, durationMs) * kbps) / 8;
}

/** What a source offers: its length, and that the disk has room for what is fetched and made. */
export async function checkRendition(download: TrackDownload, rendition: Rendition): Promise<void> {
  checkLength(download, rendition.durationMs);
  const durationMs = rendition.durationMs ?? download.track.durationMs ?? 0;
  const output = estimateOutput(download.options, { durationMs, input: null });
  await expectSpace(download, estimateFetch(rendition, durationMs) + output);
}

/** Before the work rather than after it. The disk may still fill up meanwhile, which has the same code. */
export async function expectSpace({ root, track }: TrackDownload, neededBytes: number): Promise<void> {
  const freeBytes = await findFreeBytes(root);
  if (freeBytes === null || freeBytes >= neededBytes) return;
  throw new DiskFullError(
    `There is no space left in the download directory for "${track.title}": it needs about ${megabytes(neededBytes)} MB, and ${megabytes(freeBytes)} MB are free.`,
  );
}

/** Null where the file system does not say: some shares report no blocks at all. */
async function findFreeBytes(directory: string): Promise<number | null> {
  const found = await statfs(await nearestExisting(directory)).catch(() => null);
  return found === null || found.blocks === 0 ? null : found.bavail * found.bsize;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
