import { parseFile, type IAudioMetadata } from 'music-metadata';
import type { RawTags, TagReader } from './tag-reader.js';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import type { Media } from '../media/media.js';
import { codecOf } from './codec-names.js';
import { tagsOfProbe } from './probe-tags.js';

/** How long one file may take; a hanging network disk takes for ever. */
const TIME_LIMIT_MS = 60_000;

/**
 * Reads tags with music-metadata, which is quick: a few reads and no process. What it cannot place or time
 * (FLAC in Ogg, bare AAC, a wrong extension) is asked of ffprobe, which also tells noise from audio.
 */
export function createTagReader({ media }: { media: Pick<Media, 'probe'> }): TagReader {
  return {
    async read(path, signal) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]);
      const parsed = await orAborted(parse(path), limit);
      if (parsed) return parsed;
      try {
        return tagsOfProbe(await media.probe(path, limit));
      } catch (error) {
        signal.throwIfAborted();
        throw isCircumstance(error) ? error : new Error(`No audio found in it: ${messageOf(error)}`);
      }
    },
  };
}

/** Null when the file is not plainly audio of a known length. */
async function parse(path: string): Promise<RawTags | null> {
  try {
    const read = await parseFile(path, { skipCovers: true });
    return codecOf(read.format) && read.format.duration ? toRawTags(read) : null;
  } catch (error) {
    if (isFileSystemError(error)) throw error;
    return null;
  }
}

const isFileSystemError = (error: unknown): boolean => /^E[A-Z]+$/.test(systemCodeOf(error) ?? '');

/** Something around the file is wrong, not the file. */
function isCircumstance(error: unknown): boolean {
  return isFileSystemError(error) || systemCodeOf(error) === 'FFMPEG_MISSING';
}

/** music-metadata takes no signal: what it still does is left behind. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function toRawTags({ common, format }: IAudioMetadata): RawTags {
  const text = format.container === 'WAVE' ? repaired : (value: string | undefined) => value ?? null;
  return {
    title: text(common.title),
    artists: (common.artists ?? [common.artist ?? '']).map((name) => text(name) ?? ''),
    albumArtist: text(common.albumartist),
    album: text(common.album),
    compilation: common.compilation ?? false,
    isrc: common.isrc?.[0] ?? null,
    upc: common.barcode ?? null,
    durationMs: Math.round((format.duration ?? 0) * 1000),
    trackNumber: common.track.no,
    trackTotal: common.track.of ?? (Number(common.totaltracks) || null),
    discNumber: common.disk.no,
    discTotal: common.disk.of ?? (Number(common.totaldiscs) || null),
    date: common.date ?? common.releasedate ?? common.year?.toString() ?? null,
    genres: (common.genre ?? []).map((genre) => text(genre) ?? ''),
    label: text(common.label?.[0]),
    copyright: text(common.copyright),
    licence: text(common.license),
    codec: codecOf(format),
    bitrateKbps: format.bitrate ? Math.round(format.bitrate / 1000) : null,
  };
}

/** RIFF says nothing of encodings and is read as Latin-1, but most programs write UTF-8, ffmpeg among them. */
function repaired(text: string | undefined): string | null {
  if (!text || !/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text ?? null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}
