import { addAbortSignal, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { AudioSource, Rendition } from '../../catalog/audio-source.js';
import { delay } from '../../lib/async.js';
import { UpstreamFailedError, UpstreamLimitedError } from '../../lib/errors.js';
import type { Media } from '../../media/media.js';
import { hashOf, pick } from './codes.js';
import { createCollection } from './collection.js';
import { composeGraph } from './composition.js';
import { PROVIDER, slugOf, toId } from './map.js';
import type { PlacedTrack, Trouble } from './music.js';

const CODECS = ['flac', 'vorbis', 'mp3', 'opus'] as const;
const LICENCE = 'CC0-1.0';

interface DemoSourceDeps {
  media: Pick<Media, 'synthesize'>;
  /** How the slow track waits; replaceable in tests. */
  wait?: typeof delay;
}

/**
 * The audio of the demo catalog, made by ffmpeg on demand. Attempts are counted for each track in this source, so that
 * a flaky track fails twice before each success.
 */
export function createDemoSource({ media, wait = delay }: DemoSourceDeps): AudioSource {
  const collection = createCollection();
  const tries = createTries();
  return {
    name: PROVIDER,
    find: (track, signal) => {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      const found = collection.findTrack(slugOf(track.id));
      return Promise.resolve(found && found.trouble !== 'missing' ? toRendition(found) : null);
    },
    open: async (rendition, { signal }): Promise<Readable> => {
      signal.throwIfAborted();
      const track = collection.findTrack(slugOf(rendition.ref));
      if (!track) throw new UpstreamFailedError(`The demo source has no track ${rendition.ref}.`);
      const { slug, durationMs, trouble } = track;
      const audio = { graph: composeGraph(track), durationMs, codec: codecOf(track) };
      const makeAudio = () => media.synthesize(audio, signal);
      if (!trouble) return makeAudio();
      return openTroubled(trouble, { slug, durationMs, number: tries(slug), makeAudio, wait, signal });
    },
  };
}

function toRendition(track: PlacedTrack): Rendition {
  return {
    source: PROVIDER,
    ref: toId(track.slug),
    codec: codecOf(track),
    bitrateKbps: null,
    durationMs: track.durationMs,
    sizeBytes: null,
    checksum: null,
    licence: LICENCE,
    resumable: false,
    localPath: null,
  };
}

/** A compilation has the same recording in the same codec. */
function codecOf(track: PlacedTrack): (typeof CODECS)[number] {
  return pick(CODECS, `${track.recording}/codec`);
}

function createTries(): (key: string) => number {
  const counts = new Map<string, number>();
  return (key) => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  };
}

/** Of three attempts the first two fail. */
const FLAKY_TRIES = 3;
/** Of two attempts the first is limited. */
const LIMITED_TRIES = 2;
const LIMITED_MS = 1_500;
const PACE_MS = 250;
const STALLED_AFTER_BYTES = 16_384;
const GARBAGE_BYTES = 65_536;

interface Attempt {
  slug: string;
  durationMs: number;
  number: number;
  /** The track's audio without the fault. */
  makeAudio(): Readable;
  wait: typeof delay;
  signal: AbortSignal;
}

async function openTroubled(trouble: Trouble, attempt: Attempt): Promise<Readable> {
  switch (trouble) {
    case 'slow':
      return abortable(Readable.from(paced(await buffer(attempt.makeAudio()), attempt)), attempt.signal);
    case 'flaky':
      if (attempt.number % FLAKY_TRIES !== 0)
        throw new UpstreamFailedError('The demo source failed temporarily.');
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

/** The first bytes of good audio, then nothing until the signal aborts. */
function stalled(audio: Buffer, signal: AbortSignal): Readable {
  signal.throwIfAborted();
  const stream = new Readable({ read: () => undefined });
  stream.push(audio.subarray(0, STALLED_AFTER_BYTES));
  return abortable(stream, signal);
}

/** Seven bits a byte: without a byte of eight ones no decoder can see the start of an MP3 frame. */
function garbage(seed: string): Buffer {
  return Buffer.from(Array.from({ length: GARBAGE_BYTES }, (_, index) => hashOf(`${seed}/${index}`) & 0x7f));
}

function abortable(stream: Readable, signal: AbortSignal): Readable {
  return addAbortSignal(signal, stream);
}

/** Not Readable.from, which turns an empty buffer into one chunk. */
function readableOf(bytes: Buffer): Readable {
  const stream = new Readable({ read: () => undefined });
  if (bytes.length > 0) stream.push(bytes);
  stream.push(null);
  return stream;
}
