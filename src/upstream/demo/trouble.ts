import { addAbortSignal, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { delay } from '../../lib/async.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../lib/errors.js';
import { hashOf } from './hash.js';
import { PROVIDER } from './map.js';
import type { Trouble } from './shapes.js';

/** Of every three tries the first two fail. */
const FLAKY_TRIES = 3;
/** Of every two tries the first is told to wait. */
const LIMITED_TRIES = 2;
const LIMITED_MS = 1_500;
const PACE_MS = 250;
const STALLED_AFTER_BYTES = 16_384;
const GARBAGE_BYTES = 65_536;

export interface Attempt {
  slug: string;
  durationMs: number;
  /** Counts from 1 for each track. */
  number: number;
  /** The track's audio as it would be without the trouble. */
  makeAudio(): Readable;
  wait: typeof delay;
  signal: AbortSignal;
}

/** Opens the audio of a track that has something wrong with it. */
export async function openTroubled(trouble: Trouble, attempt: Attempt): Promise<Readable> {
  switch (trouble) {
    case 'slow':
      return abortable(Readable.from(paced(await buffer(attempt.makeAudio()), attempt)), attempt.signal);
    case 'flaky':
      if (attempt.number % FLAKY_TRIES !== 0) throw new UpstreamFailedError('The demo source had a hiccup.');
      return attempt.makeAudio();
    case 'limited':
      if (attempt.number % LIMITED_TRIES !== 0) throw new UpstreamLimitedError(PROVIDER, LIMITED_MS);
      return attempt.makeAudio();
    case 'failing':
    case 'missing':
      throw new UpstreamFailedError('The demo source cannot read this track.');
    case 'cutOff':
      return readableOf(firstHalf(await buffer(attempt.makeAudio())));
    case 'garbage':
      return readableOf(garbage(attempt.slug));
    case 'empty':
      return readableOf(Buffer.alloc(0));
    case 'stalled':
      return stalled(await buffer(attempt.makeAudio()), attempt.signal);
  }
}

/** As fast as it would play. */
async function* paced(audio: Buffer, { durationMs, wait, signal }: Attempt): AsyncGenerator<Buffer> {
  const steps = Math.ceil(durationMs / PACE_MS);
  const bytes = Math.ceil(audio.length / steps);
  for (let at = 0; at < audio.length; at += bytes) {
    await wait(PACE_MS, signal);
    yield audio.subarray(at, at + bytes);
  }
}

function firstHalf(audio: Buffer): Buffer {
  return audio.subarray(0, audio.length / 2);
}

/** The first bytes of something good, and then silence until someone gives up. */
function stalled(audio: Buffer, signal: AbortSignal): Readable {
  signal.throwIfAborted();
  const stream = new Readable({ read: () => undefined });
  stream.push(audio.subarray(0, STALLED_AFTER_BYTES));
  return abortable(stream, signal);
}

/** Seven bits a byte: without a byte of eight ones no decoder can take it for the start of an MP3 frame. */
function garbage(seed: string): Buffer {
  return Buffer.from(Array.from({ length: GARBAGE_BYTES }, (_, index) => hashOf(`${seed}/${index}`) & 0x7f));
}

function abortable(stream: Readable, signal: AbortSignal): Readable {
  return addAbortSignal(signal, stream);
}

/** Not Readable.from, which takes an empty buffer for one chunk. */
function readableOf(bytes: Buffer): Readable {
  const stream = new Readable({ read: () => undefined });
  if (bytes.length > 0) stream.push(bytes);
  stream.push(null);
  return stream;
}
