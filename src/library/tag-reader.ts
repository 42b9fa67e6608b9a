import type { LatestFeed } from '../events/latest-feed.js';
import type { LibraryRow } from './library-scan-store.js';
import { abortable } from '../lib/async.js';
import { isFileSystemError, messageOf, systemCodeOf } from '../lib/errors.js';
import type { AudioProbe, Media } from '../media/media.js';
import { cutTags, MAX_TEXT_LENGTH, UnreadableTagsError, type RawTags } from './raw-tags.js';
import { createTagProcesses, type TagProcessOptions } from './tag-processes.js';

/** A port. Throws UnreadableTagsError for what is wrong with the file; other errors may pass. */
export interface TagReader {
  read(path: string, signal: AbortSignal): Promise<RawTags>;
}

/** A port. Null for a file without a cover that can be read. */
export interface CoverReader {
  readCover(path: string, signal: AbortSignal): Promise<Uint8Array | null>;
}

export interface LibraryDeps {
  /** Reads the tags of audio files, for the index and for files that keep their own. */
  tagReader: TagReader;
  libraryFeed: LatestFeed<LibraryRow>;
}

export function createTagReader({ media, ...options }: { media: Pick<Media, 'probe'> } & TagProcessOptions) {
  const processes = createTagProcesses(options);
  return {
    async read(path, signal) {
      const parsed = await abortable(processes.readTags(path, signal), signal);
      if (parsed) return parsed;
      try {
        return cutTags(tagsOfProbe(await media.probe(path, signal)));
      } catch (error) {
        signal.throwIfAborted();
        if (isCircumstance(error)) throw error;
        throw new UnreadableTagsError(`No audio found in it: ${messageOf(error)}`, { cause: error });
      }
    },
    readCover: (path, signal) => abortable(processes.readCover(path, signal), signal),
    /** Ends its processes; what still waits for them is rejected. */
    stop: () => processes.stop(),
  } satisfies TagReader & CoverReader & { stop(): void };
}

function isCircumstance(error: unknown): boolean {
  return isFileSystemError(error) || systemCodeOf(error) === 'FFMPEG_MISSING';
}

function tagsOfProbe(probe: AudioProbe): RawTags {
  const first = (...names: string[]) =>
    names
      .map((name) => probe.tags[name])
      .find(Boolean)
      ?.slice(0, MAX_TEXT_LENGTH) ?? null;
  const [trackNumber, trackTotal] = numbersOf(first('track', 'tracknumber'));
  const [discNumber, discTotal] = numbersOf(first('disc', 'discnumber'));
  const several = (text: string | null) => (text ? text.split(';') : []);
  return {
    title: first('title'),
    artists: several(first('artist')),
    albumArtist: first('album_artist', 'albumartist'),
    album: first('album'),
    compilation: first('compilation') === '1',
    isrc: first('isrc', 'tsrc'),
    upc: first('barcode', 'upc'),
    durationMs: probe.durationMs,
    trackNumber,
    trackTotal: trackTotal ?? numbersOf(first('tracktotal', 'totaltracks'))[0],
    discNumber,
    discTotal: discTotal ?? numbersOf(first('disctotal', 'totaldiscs'))[0],
    date: first('date', 'year'),
    genres: several(first('genre')),
    label: first('label', 'publisher', 'organization'),
    copyright: first('copyright'),
    licence: first('license', 'licence'),
    codec: probe.codec,
    bitrateKbps: probe.bitrateKbps,
  };
}

function numbersOf(text: string | null): [number | null, number | null] {
  const [number = '', total = ''] = (text ?? '').split('/');
  return [Number.parseInt(number, 10) || null, Number.parseInt(total, 10) || null];
}
