import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCodeOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { isPlainFile, openNewFile } from '../lib/plain-file.js';
import { prepareCover, toPictureComment } from './artwork.js';
import { type Container, containerFor } from './containers.js';
import {
  DISK_FULL,
  DISK_FULL_PATTERN,
  DiskFullError,
  MediaError,
  NOT_WRITABLE,
  TargetNotWritableError,
  toMediaError,
  TrackTooLargeError,
  TranscodeFailedError,
} from './errors.js';
import { type FfmpegJob, FfmpegRunError, runFfmpeg } from './ffmpeg.js';
import { appendId3Chunk, buildId3Tag, nameId3Comment } from './id3.js';
import type { Tools } from './locate-tools.js';
import type { Transcoded, TranscodeRequest } from './media.js';
import { addFreeformAtoms } from './mp4-atoms.js';
import { lastTimeS } from './probe.js';
import { buildTagCarrier, type Cover } from './tag-carrier.js';
import { toFreeformAtoms, toId3Frames, toTagPairs } from './tags.js';
import { COVER_WAYS, type PlanFiles, planTranscode } from './transcode-plan.js';

interface TranscodeOptions {
  signal: AbortSignal;
  onProgress(percent: number): void;
}

/** ffmpeg converts at twenty times playing speed and more; it takes this long only when it hangs. */
const BASE_TIME_LIMIT_MS = 300_000;

/** Leaves no output behind when it fails, and never a temporary file. */
export async function transcode(
  deps: { tools: Tools; log: Logger },
  request: TranscodeRequest,
  options: TranscodeOptions,
): Promise<Transcoded> {
  options.signal.throwIfAborted();
  const container = containerFor(request.format, request.input.codec);
  let workDir: string | null = null;
  let isMade = false;
  try {
    workDir = await mkdtemp(join(tmpdir(), 'reprise-'));
    const cover = await loadCover(deps, request, { workDir, signal: options.signal });
    const job = await prepareJob(deps.tools, request, { container, cover, workDir });
    await (await openNewFile(request.outputPath)).close();
    isMade = true;
    const stderr = await convert(
      deps.tools,
      { ...job, outputPath: request.outputPath },
      { request, options },
    );
    await expectOutput(request);
    await finishTags(container, request, cover);
    options.signal.throwIfAborted();
    const writtenS = lastTimeS(stderr);
    return { writtenMs: writtenS === null ? null : Math.round(writtenS * 1000) };
  } catch (error) {
    if (isMade) await rm(request.outputPath, { force: true });
    throw options.signal.aborted ? options.signal.reason : asMediaError(error);
  } finally {
    if (workDir) await rm(workDir, { recursive: true, force: true });
  }
}

async function loadCover(
  { tools, log }: { tools: Tools; log: Logger },
  { cover: bytes }: TranscodeRequest,
  place: { workDir: string; signal: AbortSignal },
): Promise<Cover | null> {
  if (!bytes) return null;
  try {
    const cover = await prepareCover(bytes, { ffmpegPath: tools.ffmpegPath, ...place });
    if (!cover) log.warn({ bytes: bytes.length }, 'cover skipped, not a JPEG or PNG of sensible size');
    return cover;
  } catch (err) {
    if (place.signal.aborted || !(err instanceof FfmpegRunError)) throw err;
    log.warn({ err }, 'cover skipped, could not shrink it');
    return null;
  }
}

async function prepareJob(
  tools: Tools,
  request: TranscodeRequest,
  { container, cover, workDir }: { container: Container; cover: Cover | null; workDir: string },
): Promise<FfmpegJob> {
  const way = COVER_WAYS[container];
  const pairs = toTagPairs(request.tags, container, request.artistSeparator);
  if (cover && way === 'tag') pairs.push(['METADATA_BLOCK_PICTURE', toPictureComment(cover)]);
  const carrierPath = join(workDir, 'tags');
  const files: PlanFiles = { carrierPath, cover: cover && way === 'stream' ? 'stream' : 'none' };
  if (cover && way === 'attachment') {
    files.cover = { attach: join(workDir, 'cover'), mime: cover.mime };
    await writeFile(files.cover.attach, cover.bytes);
  }
  const job = planTranscode(request, tools.encoders, files);
  await writeFile(carrierPath, buildTagCarrier(pairs, files.cover === 'stream' ? cover : null));
  return job;
}

async function convert(
  tools: Tools,
  job: FfmpegJob & { outputPath: string },
  { request, options }: { request: TranscodeRequest; options: TranscodeOptions },
): Promise<string> {
  const { durationMs } = request.input;
  const stderr = await runFfmpeg(tools.ffmpegPath, job, {
    signal: options.signal,
    timeLimitMs: BASE_TIME_LIMIT_MS + durationMs,
    onLine: createProgress(durationMs, (percent) => options.onProgress(percent)),
  });
  // An older ffmpeg succeeds although the last bytes did not fit on the disk.
  if (DISK_FULL_PATTERN.test(stderr)) throw new DiskFullError(DISK_FULL, { cause: new Error(stderr) });
  options.onProgress(100);
  return stderr;
}

/** A program that is not quite ffmpeg may succeed without writing a file. */
async function expectOutput({ outputPath, maxOutputBytes }: TranscodeRequest): Promise<void> {
  const size = await stat(outputPath).then(
    (found) => found.size,
    (error: unknown) => {
      if (systemCodeOf(error) === 'ENOENT') return 0;
      throw error;
    },
  );
  if (size === 0) throw new TranscodeFailedError('ffmpeg reported success, but wrote no file.');
  if (!(await isPlainFile(outputPath))) throw new TargetNotWritableError(NOT_WRITABLE);
  if (size < maxOutputBytes) return;
  const limit = Math.round(maxOutputBytes / 1e6);
  throw new TrackTooLargeError(`The file would be larger than ${limit} MB, the limit for its stated length.`);
}

export function createProgress(
  durationMs: number,
  onProgress: (percent: number) => void,
): (line: string) => void {
  let highest = -1;
  return (line) => {
    const positionS = lastTimeS(line);
    if (positionS === null) return;
    const percent = Math.min(99, Math.floor((positionS * 100_000) / Math.max(1, durationMs)));
    if (percent <= highest) return;
    highest = percent;
    onProgress(percent);
  };
}

async function finishTags(
  container: Container,
  request: TranscodeRequest,
  cover: Cover | null,
): Promise<void> {
  const { tags, outputPath, artistSeparator } = request;
  if (container === 'mp3' && tags.comment) await nameId3Comment(outputPath);
  if (container === 'm4a') await addFreeformAtoms(outputPath, toFreeformAtoms(tags));
  if (container === 'wav')
    await appendId3Chunk(outputPath, buildId3Tag(toId3Frames(tags, artistSeparator), cover));
}

function asMediaError(error: unknown): unknown {
  if (error instanceof FfmpegRunError) return toMediaError(error);
  const code = (error instanceof MediaError ? null : systemCodeOf(error)) ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return new DiskFullError(DISK_FULL, { cause: error });
  if (['EROFS', 'EACCES', 'EEXIST', 'ELOOP'].includes(code))
    return new TargetNotWritableError(NOT_WRITABLE, { cause: error });
  return error;
}
