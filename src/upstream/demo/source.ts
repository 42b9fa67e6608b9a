import type { Readable } from 'node:stream';
import type { AudioSource, Rendition } from '../../catalog/audio-source.js';
import { delay } from '../../lib/async.js';
import { UpstreamFailedError } from '../../lib/errors.js';
import type { Media } from '../../media/media.js';
import { createCollection } from './collection.js';
import { composeGraph } from './composition.js';
import { pick } from './hash.js';
import { PROVIDER, slugOf, toId } from './map.js';
import type { PlacedTrack } from './shapes.js';
import { openTroubled } from './trouble.js';

const CODECS = ['flac', 'vorbis', 'mp3', 'opus'] as const;
/** Nobody played it: the licence that gives everything away fits. */
const LICENCE = 'CC0-1.0';

export interface DemoSourceNeeds {
  media: Pick<Media, 'synthesize'>;
  /** How the slow track lets time pass; a test need not wait for it. */
  wait?: typeof delay;
}

/**
 * The audio of the demo catalogue, made by ffmpeg the moment it is asked for. A track that has trouble has it each
 * time anew: tries are counted for each track in this source, so that a flaky one fails twice before each success.
 */
export function createDemoSource({ media, wait = delay }: DemoSourceNeeds): AudioSource {
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

/** Counts from 1 for each key. */
function createTries(): (key: string) => number {
  const counts = new Map<string, number>();
  return (key) => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  };
}
