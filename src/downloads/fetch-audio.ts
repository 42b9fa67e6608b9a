import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { systemCodeOf } from '../lib/errors.js';
import type { AudioSource, Checksum, Rendition } from '../catalog/audio-source.js';
import { SourceCutOffError, SourceInvalidAudioError, SourceStalledError } from './errors.js';
import { createPacer, keepPace, type Pace } from './pace.js';
import { sizeOf } from './target-file.js';

export interface FetchRequest {
  source: AudioSource;
  rendition: Rendition;
  /** Written anew. */
  path: string;
  /** How long the source may send nothing, in milliseconds. */
  idleMs: number;
  /** How long it must take at least, in milliseconds; 0 for as fast as it can. */
  paceMs: number;
  signal: AbortSignal;
  onProgress(percent: number): void;
}

/** How often one try goes on where the source broke off, when it allows that. */
const RESUMES = 3;

/**
 * Streams a rendition to a file. A source that sends nothing for too long, breaks off, or sends other bytes than
 * it promised is a retryable error; one that allows it is asked for the rest first.
 */
export async function fetchAudio(request: FetchRequest): Promise<void> {
  const { rendition, path } = request;
  const pace = { totalMs: request.paceMs, startedAtMs: performance.now() };
  for (let resumes = 0, offsetBytes = 0; ; resumes++) {
    try {
      await fetchFrom(request, pace, offsetBytes);
      break;
    } catch (thrown) {
      const mayResume = rendition.resumable && !rendition.checksum && resumes < RESUMES;
      if (request.signal.aborted || !mayResume || !(thrown instanceof SourceCutOffError)) throw thrown;
      offsetBytes = (await sizeOf(path)) ?? 0;
    }
  }
  if (((await sizeOf(path)) ?? 0) === 0) {
    throw new SourceInvalidAudioError(`${rendition.source} sent an empty file.`);
  }
}

async function fetchFrom(request: FetchRequest, pace: Pace, offsetBytes: number): Promise<void> {
  const { rendition, idleMs } = request;
  const watchdog = createWatchdog(idleMs, rendition.source);
  const signal = AbortSignal.any([request.signal, watchdog.signal]);
  const meter = createMeter(request, { offsetBytes, onData: watchdog.touch });
  try {
    const audio = await openInTime(request, offsetBytes, signal);
    const waiting = { signal, onWait: watchdog.touch };
    const pacer = createPacer(pace, { sizeBytes: rendition.sizeBytes, offsetBytes, ...waiting });
    const file = createWriteStream(request.path, { flags: offsetBytes ? 'a' : 'w' });
    await pipeline(audio, meter.stream, pacer, file, { signal });
    await keepPace(pace, 1, waiting);
  } catch (thrown) {
    if (watchdog.signal.aborted && !request.signal.aborted) throw watchdog.signal.reason;
    throw isCutOff(thrown) ? cutOff(rendition, meter.bytes(), thrown) : thrown;
  } finally {
    watchdog.stop();
  }
  if (rendition.sizeBytes !== null && meter.bytes() < rendition.sizeBytes)
    throw cutOff(rendition, meter.bytes());
  verifyChecksum(rendition, meter.hash);
}

/** A source that ignores its signal must not hold a worker. */
async function openInTime(
  request: FetchRequest,
  offsetBytes: number,
  signal: AbortSignal,
): Promise<Readable> {
  const opening = request.source.open(request.rendition, { offsetBytes, signal });
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([opening, aborted]);
  } catch (thrown) {
    opening.then((late) => late.destroy()).catch(() => undefined);
    throw thrown;
  }
}

function createWatchdog(idleMs: number, source: string) {
  const controller = new AbortController();
  const bark = () => {
    const seconds = Math.round(idleMs / 100) / 10;
    controller.abort(new SourceStalledError(`${source} sent nothing for ${seconds} s.`));
  };
  const timer = setTimeout(bark, idleMs);
  return {
    signal: controller.signal,
    touch: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
  };
}

function createMeter(request: FetchRequest, options: { offsetBytes: number; onData(): void }) {
  const { sizeBytes, checksum } = request.rendition;
  const hash = checksum ? createHash(checksum.algorithm) : null;
  let bytes = options.offsetBytes;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash?.update(chunk);
      options.onData();
      if (sizeBytes) request.onProgress(Math.min(100, (100 * bytes) / sizeBytes));
      done(null, chunk);
    },
  });
  return { stream, hash, bytes: () => bytes };
}

function verifyChecksum(rendition: Rendition, hash: Hash | null): void {
  const wanted: Checksum | null = rendition.checksum;
  if (!wanted || !hash || hash.digest('hex') === wanted.hex.toLowerCase()) return;
  throw new SourceInvalidAudioError(
    `${rendition.source} sent other bytes than its ${wanted.algorithm} promises.`,
  );
}

/** The code may be a cause's: fetch says only "terminated" itself. */
function isCutOff(thrown: unknown): boolean {
  const code = systemCodeOf(thrown) ?? '';
  return ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'UND_ERR_SOCKET'].includes(code);
}

function cutOff(rendition: Rendition, bytes: number, cause?: unknown): SourceCutOffError {
  const promised = rendition.sizeBytes === null ? '' : ` of ${rendition.sizeBytes}`;
  return new SourceCutOffError(`${rendition.source} broke off after ${bytes}${promised} bytes.`, { cause });
}
