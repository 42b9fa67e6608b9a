import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCodeOf } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import { flushFile, isPlainFile, openNewFile } from '../lib/plain-file.js';
import { type Cover, prepareCover } from './artwork.js';
import { digestAudio, toVerified } from './audio-digest.js';
import { copyBytes, findTailTag, tooLarge } from './copy-file.js';
import {
  decodeAudio,
  type Decoded,
  describeDamage,
  isWhole,
  measureSkipped,
  readDecoded,
  timeLimitFor,
} from './damage.js';
import {
  DamagedAudioError,
  DISK_FULL,
  DISK_FULL_PATTERN,
  DiskFullError,
  MediaError,
  NOT_WRITABLE,
  TargetNotWritableError,
  toMediaError,
  TranscodeFailedError,
  UnwritableTagsError,
} from './errors.js';
import { type FfmpegJob, FfmpegRunError, runFfmpeg } from './ffmpeg.js';
import type { Tools } from './locate-tools.js';
import { planRemux } from './matroska.js';
import type { AudioFacts, AudioProbe, Transcoded, TranscodeRequest } from './media.js';
import { lastTimeS, probeAudio } from './probe.js';
import { isEditable, toTagValues } from './tag-fields.js';
import type { TagWriter } from './tag-writer.js';
import { extensionOf, loudnessOf, mixesDown, planTranscode } from './transcode-plan.js';
import type { TagWrite } from './write-tags.js';

interface TranscodeDeps {
  tools: Tools;
  log: Logger;
  tagWriter: TagWriter;
}

interface TranscodeOptions {
  signal: AbortSignal;
  onProgress(percent: number): void;
}

interface Making {
  request: TranscodeRequest;
  options: TranscodeOptions;
  cover: Cover | null;
  workDir: string;
}

/** Leaves no output behind when it fails, and never a temporary file. */
export async function transcode(
  deps: TranscodeDeps,
  request: TranscodeRequest,
  options: TranscodeOptions,
): Promise<Transcoded> {
  options.signal.throwIfAborted();
  let workDir: string | null = null;
  let isMade = false;
  try {
    workDir = await mkdtemp(join(tmpdir(), 'reprise-'));
    const cover = await loadCover(deps, request, { workDir, signal: options.signal });
    const job = planTranscode(request, deps.tools.encoders);
    await (await openNewFile(request.outputPath)).close();
    isMade = true;
    const making = { request, options, cover, workDir };
    const made = await (job ? makeConverted(deps, making, job) : makeCopy(deps, making));
    const input = made.input ?? request.input;
    await expectWhole(deps, { ...request, input }, { decoded: made, signal: options.signal });
    const output = made.output ?? (await probeAudio(deps.tools, request.outputPath, options.signal));
    options.onProgress(100);
    options.signal.throwIfAborted();
    return { input, output, decodedMs: made.decodedMs, verified: toVerified(made, input) };
  } catch (error) {
    if (isMade) await rm(request.outputPath, { force: true });
    throw options.signal.aborted ? options.signal.reason : asMediaError(error);
  } finally {
    if (workDir) await rm(workDir, { recursive: true, force: true });
  }
}

interface Made extends Decoded {
  sha256?: string | null;
  /** Where it is not that of the request. */
  input?: AudioProbe;
  /** Where it need not be probed. */
  output?: AudioFacts;
}

async function makeConverted(deps: TranscodeDeps, making: Making, job: FfmpegJob): Promise<Made> {
  const { request, options } = making;
  const inputs = await withoutTailTag(job, request);
  const stderr = await convert(deps.tools, { ...job, inputs, outputPath: request.outputPath }, making);
  await expectOutput(request);
  await deps.tagWriter.write(
    { ...toTagWrite(making), carryFrom: { path: request.inputPath, loudness: loudnessOf(request) } },
    options.signal,
  );
  // A stream that was copied into another container was not decoded on the way.
  const isCopied = job.outputOptions.includes('copy');
  if (!isCopied && mixesDown(request)) {
    const { channels } = request.input;
    deps.log.warn({ channels, format: request.format }, 'channels mixed down to stereo');
  }
  return isCopied ? decodeOutput(deps, making) : readDecoded(stderr);
}

/** ffmpeg takes an ID3v1 tag behind a FLAC for the rest of its last frame, which then does not match its checksum. */
async function withoutTailTag(
  job: FfmpegJob,
  { input, inputPath }: TranscodeRequest,
): Promise<FfmpegJob['inputs']> {
  const end = input.container === 'flac' ? await findTailTag(inputPath) : null;
  if (end === null) return job.inputs;
  return job.inputs.map(({ options }) => ({
    options: options.map((option) => (option === 'file,pipe' ? 'file,subfile' : option)),
    source: `subfile,,start,0,end,${end},,:file:${inputPath}`,
  }));
}

/** The bytes as they are, then tags in place. What cannot be edited without damage keeps the tags that it has. */
async function makeCopy(deps: TranscodeDeps, making: Making): Promise<Made> {
  const { request, options } = making;
  const job = await planRemux(request, making);
  if (job) {
    await convert(deps.tools, { ...job, outputPath: request.outputPath }, making);
    await expectOutput(request);
    return decodeOutput(deps, making);
  }
  await copySource(making);
  // The disk writes while the tags and the checksum are made: the flush before the file is moved has little left.
  const flushing = flushFile(request.outputPath);
  flushing.catch(() => undefined);
  const isEdited = await editTags(deps, making);
  const sha256 = await digestAudio(request.outputPath, request.input.container, options.signal);
  await flushing;
  if (sha256 !== null && sha256 === request.verified?.sha256) {
    return { decodedMs: request.verified.decodedMs, errors: [], sha256, output: request.input };
  }
  return decodeCopy(deps, making, { isEdited, sha256 });
}

async function decodeCopy(
  deps: TranscodeDeps,
  making: Making,
  { isEdited, sha256 }: { isEdited: boolean; sha256: string | null },
): Promise<Made> {
  const { request, options } = making;
  // What is known of a file that was verified says nothing of this one.
  const input = request.verified
    ? await probeAudio(deps.tools, request.inputPath, options.signal)
    : request.input;
  const decoded = await decodeOutput(deps, making);
  if (!isEdited || isWhole(input, decoded)) return { ...decoded, sha256, input };
  const source = await decodeAudio(deps.tools, request.inputPath, limitsOf(request, options));
  if (!isWhole(input, source)) return { ...source, input };
  deps.log.warn({ errors: decoded.errors }, 'tags left as they are, editing them would damage the file');
  await copySource(making);
  return { ...source, input };
}

async function copySource({ request, options }: Making): Promise<void> {
  await rm(request.outputPath, { force: true });
  const limits = { maxBytes: request.maxOutputBytes, signal: options.signal };
  await copyBytes(request.inputPath, request.outputPath, limits);
  await expectOutput(request);
}

async function editTags({ tagWriter, log }: TranscodeDeps, making: Making): Promise<boolean> {
  const write = toTagWrite(making);
  if (!isEditable(write.extension)) return false;
  try {
    await tagWriter.write(write, making.options.signal);
    return true;
  } catch (err) {
    if (!(err instanceof UnwritableTagsError)) throw err;
    log.warn({ err }, 'tags left as they are, the file does not allow editing them');
    await copySource(making);
    return false;
  }
}

function toTagWrite({ request, cover }: Making): TagWrite {
  const { outputPath, format, input, tags, tagPolicy, artistSeparator } = request;
  return {
    path: outputPath,
    extension: extensionOf(format, input),
    values: toTagValues(tags),
    policy: tagPolicy,
    separator: artistSeparator,
    cover,
    carryFrom: null,
  };
}

function decodeOutput({ tools }: TranscodeDeps, { request, options }: Making): Promise<Decoded> {
  return decodeAudio(tools, request.outputPath, limitsOf(request, options));
}

function limitsOf({ input }: TranscodeRequest, { signal }: TranscodeOptions) {
  return { signal, timeLimitMs: timeLimitFor(input) };
}

async function expectWhole(
  { tools }: TranscodeDeps,
  { input, inputPath }: TranscodeRequest,
  { decoded, signal }: { decoded: Decoded; signal: AbortSignal },
): Promise<void> {
  const isUncertain = decoded.errors.length > 0 && input.estimated === true;
  const about = { durationMs: input.durationMs, isRawAac: input.container === 'aac', signal };
  const skippedMs = isUncertain ? await measureSkipped(tools, inputPath, about) : 0;
  const damage = describeDamage(input, decoded, skippedMs);
  if (damage) throw new DamagedAudioError(damage);
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

async function convert(
  tools: Tools,
  job: FfmpegJob & { outputPath: string },
  { request, options }: Making,
): Promise<string> {
  const { durationMs } = request.input;
  const stderr = await runFfmpeg(tools.ffmpegPath, job, {
    ...limitsOf(request, options),
    onLine: createProgress(durationMs, (percent) => options.onProgress(percent)),
  });
  // An older ffmpeg succeeds although the last bytes did not fit on the disk.
  if (DISK_FULL_PATTERN.test(stderr)) throw new DiskFullError(DISK_FULL, { cause: new Error(stderr) });
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
  if (size >= maxOutputBytes) throw tooLarge(maxOutputBytes);
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

function asMediaError(error: unknown): unknown {
  if (error instanceof FfmpegRunError) return toMediaError(error);
  const code = (error instanceof MediaError ? null : systemCodeOf(error)) ?? '';
  if (code === 'ENOSPC') return new DiskFullError(DISK_FULL, { cause: error });
  if (['EROFS', 'EACCES', 'EEXIST', 'ELOOP'].includes(code))
    return new TargetNotWritableError(NOT_WRITABLE, { cause: error });
  return error;
}
