import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { Transform, Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Rendition } from '../catalog/audio-source.js';
import { abortable } from '../lib/async.js';
import { systemCodeOf } from '../lib/errors.js';
import { openNewFile } from '../lib/plain-file.js';
import { InvalidAudioError } from '../media/errors.js';
import type { Platform } from '../platform.js';
import { SourceCutOffError, SourceStalledError } from './errors.js';
import { createPacer, keepPace, type Pace } from './pace.js';
import type { PickedSource } from './pick-source.js';
import type { TrackDownload } from './plan-track.js';
import { largestFetch, tooManyBytes } from './track-limits.js';

export const FETCH_SHARE = 0.5;

interface FetchRequest extends PickedSource {
  file: FileHandle;
  maxBytes: number;
  idleMs: number;
  /** The least time that the fetch takes; 0 for no limit. */
  paceMs: number;
  signal: AbortSignal;
  onProgress(percent: number): void;
}

const RESUMES = 3;

export async function fetchAudio(
  { timing }: Pick<Platform, 'timing'>,
  { track, options, settings, work, signal, onProgress }: TrackDownload,
  { source, rendition }: PickedSource,
): Promise<string> {
  if (rendition.localPath) return rendition.localPath;
  const playTimeMs = rendition.durationMs ?? track.durationMs ?? 0;
  const { received } = await work.open();
  const file = await openNewFile(received);
  try {
    await streamAudio({
      source,
      rendition,
      file,
      maxBytes: largestFetch(playTimeMs, settings),
      idleMs: timing.sourceIdleMs,
      paceMs: options.realTime ? playTimeMs / (options.realTimeMultiplier || 1) : 0,
      signal,
      onProgress: (percent) => onProgress(percent * FETCH_SHARE),
    });
  } finally {
    await file.close();
  }
  return received;
}

/** A stalled or broken stream is a retryable error; a resumable source is first asked for the rest. */
async function streamAudio(request: FetchRequest): Promise<void> {
  const { rendition, file } = request;
  const pace = { totalMs: request.paceMs, startedAtMs: performance.now() };
  const hash = rendition.checksum ? createHash(rendition.checksum.algorithm) : null;
  for (let resumes = 0, offsetBytes = 0; ; resumes++) {
    try {
      await fetchFrom(request, { pace, offsetBytes, hash });
      break;
    } catch (thrown) {
      const mayResume = rendition.resumable && resumes < RESUMES;
      if (request.signal.aborted || !mayResume || !(thrown instanceof SourceCutOffError)) throw thrown;
      offsetBytes = (await file.stat()).size;
    }
  }
  if ((await file.stat()).size === 0) {
    throw new InvalidAudioError(`${rendition.source} sent an empty file.`);
  }
  verifyChecksum(rendition, hash);
}

interface Part {
  pace: Pace;
  offsetBytes: number;
  /** Of all bytes that are in the file. */
  hash: Hash | null;
}

async function fetchFrom(request: FetchRequest, { pace, offsetBytes, hash }: Part): Promise<void> {
  const { rendition, idleMs } = request;
  const watchdog = createWatchdog(idleMs, rendition.source);
  const signal = AbortSignal.any([request.signal, watchdog.signal]);
  const meter = createMeter(request, { offsetBytes, onData: watchdog.touch });
  const appender = createAppender(request.file, hash);
  try {
    const audio = await openInTime(request, offsetBytes, signal);
    const waiting = { signal, onWait: watchdog.touch };
    const pacer = createPacer(pace, { sizeBytes: rendition.sizeBytes, offsetBytes, ...waiting });
    await pipeline(audio, meter.stream, pacer, appender.stream, { signal });
    await keepPace(pace, 1, waiting);
  } catch (thrown) {
    if (watchdog.signal.aborted && !request.signal.aborted) throw watchdog.signal.reason;
    throw isCutOff(thrown) ? cutOff(rendition, meter.bytes(), thrown) : thrown;
  } finally {
    watchdog.stop();
    await appender.settled();
  }
  if (rendition.sizeBytes !== null && meter.bytes() < rendition.sizeBytes)
    throw cutOff(rendition, meter.bytes());
}

/** A stream of the file's own may still write after it was destroyed, when the rest is already requested. */
function createAppender(file: FileHandle, hash: Hash | null) {
  let writing = Promise.resolve();
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writing = file.appendFile(chunk).then(() => void hash?.update(chunk));
      writing.then(() => done(), done);
    },
  });
  return { stream, settled: () => writing.catch(() => undefined) };
}

/** A source that ignores its signal must not block a worker. */
async function openInTime(
  request: FetchRequest,
  offsetBytes: number,
  signal: AbortSignal,
): Promise<Readable> {
  const opening = request.source.open(request.rendition, { offsetBytes, signal });
  try {
    return await abortable(opening, signal);
  } catch (thrown) {
    opening.then((late) => late.destroy()).catch(() => undefined);
    throw thrown;
  }
}

function createWatchdog(idleMs: number, source: string) {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    const seconds = Math.round(idleMs / 100) / 10;
    controller.abort(new SourceStalledError(`${source} sent nothing for ${seconds} s.`));
  }, idleMs);
  return {
    signal: controller.signal,
    touch: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
  };
}

function createMeter(request: FetchRequest, options: { offsetBytes: number; onData(): void }) {
  const { sizeBytes } = request.rendition;
  let bytes = options.offsetBytes;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > request.maxBytes) return done(tooManyBytes(request.rendition, request.maxBytes));
      options.onData();
      if (sizeBytes) request.onProgress(Math.min(100, (100 * bytes) / sizeBytes));
      done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes };
}

function verifyChecksum({ source, checksum }: Rendition, hash: Hash | null): void {
  if (!checksum || !hash || hash.digest('hex') === checksum.hex.toLowerCase()) return;
  throw new InvalidAudioError(`${source} sent bytes that do not match its ${checksum.algorithm}.`);
}

/** Follows causes: the message of fetch itself is only "terminated". */
function isCutOff(thrown: unknown): boolean {
  const code = systemCodeOf(thrown) ?? '';
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'UND_ERR_SOCKET'].includes(code);
}

function cutOff(rendition: Rendition, bytes: number, cause?: unknown): SourceCutOffError {
  const promised = rendition.sizeBytes === null ? '' : ` of ${rendition.sizeBytes}`;
  return new SourceCutOffError(`${rendition.source} closed the connection after ${bytes}${promised} bytes.`, {
    cause,
  });
}
