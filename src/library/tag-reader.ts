import { parseFile, type IAudioMetadata, type IFormat } from 'music-metadata';
import { abortable } from '../lib/async.js';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import type { AudioProbe, Media } from '../media/media.js';

/** Before any cleaning; absent values are null or empty. */
export interface RawTags {
  title: string | null;
  artists: string[];
  albumArtist: string | null;
  album: string | null;
  compilation: boolean;
  isrc: string | null;
  upc: string | null;
  /** 0 when even ffprobe cannot tell. */
  durationMs: number;
  trackNumber: number | null;
  trackTotal: number | null;
  discNumber: number | null;
  discTotal: number | null;
  /** As written; often not a date at all. */
  date: string | null;
  genres: string[];
  label: string | null;
  copyright: string | null;
  licence: string | null;
  /** ffmpeg's name. */
  codec: string | null;
  bitrateKbps: number | null;
}

/** A port. Throws when there is no audio; an error with a `code` is about circumstances, and may pass. */
export interface TagReader {
  read(path: string, signal: AbortSignal): Promise<RawTags>;
}

export interface LibraryDeps {
  /** Reads the tags of audio files, for the index and for files that keep their own. */
  tagReader: TagReader;
}

/** For one file: a network disk that hangs would take forever. */
const TIME_LIMIT_MS = 60_000;

/** music-metadata starts no process; ffprobe reads what that cannot identify or time. */
export function createTagReader({ media }: { media: Pick<Media, 'probe'> }): TagReader {
  return {
    async read(path, signal) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(TIME_LIMIT_MS)]);
      // music-metadata takes no signal: on abort, its work is abandoned.
      const parsed = await abortable(parse(path), limit);
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

function isCircumstance(error: unknown): boolean {
  return isFileSystemError(error) || systemCodeOf(error) === 'FFMPEG_MISSING';
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

/** RIFF names no encoding and is read as Latin-1, but most programs write UTF-8, ffmpeg among them. */
function repaired(text: string | undefined): string | null {
  if (!text || !/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text ?? null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}

function tagsOfProbe(probe: AudioProbe): RawTags {
  const first = (...names: string[]) => names.map((name) => probe.tags[name]).find(Boolean) ?? null;
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

const CODECS: [RegExp, string][] = [
  [/^MPEG [\d.]+ Layer 3/, 'mp3'],
  [/^MPEG [\d.]+ Layer 2/, 'mp2'],
  [/^Vorbis/i, 'vorbis'],
  [/^Opus/i, 'opus'],
  [/^FLAC/i, 'flac'],
  [/^ALAC/i, 'alac'],
  [/AAC/, 'aac'],
  [/^Monkey/i, 'ape'],
  [/^Windows Media Audio.*lossless/i, 'wmalossless'],
  [/^Windows Media Audio/i, 'wmav2'],
];

function codecOf({ codec = '', container = '', bitsPerSample = 16 }: IFormat): string | null {
  if (container === 'WavPack') return 'wavpack';
  if (/^(?:PCM|sowt|twos|NONE)/.test(codec)) {
    const order = container.startsWith('AIFF') && codec !== 'sowt' ? 'be' : 'le';
    return bitsPerSample === 8 ? 'pcm_u8' : `pcm_s${bitsPerSample}${order}`;
  }
  return CODECS.find(([name]) => name.test(codec))?.[1] ?? null;
}
