import { parseFromTokenizer, selectCover, type IAudioMetadata, type IFormat } from 'music-metadata';
import { BufferSizeError } from 'strtok3';
import { isFileSystemError } from '../lib/errors.js';
import { extensionOf, VIDEO_EXTENSIONS } from './file-kinds.js';
import { isPicture } from './find-cover.js';
import { cutTags, UnreadableTagsError, type RawTags } from './raw-tags.js';
import { MAX_TAG_BYTES, TagTokenizer } from './tag-tokenizer.js';

/** Null for what music-metadata cannot identify or time. */
export async function parseTags(path: string): Promise<RawTags | null> {
  try {
    const read = await parse(path, { skipCovers: true });
    if (read.format.hasVideo && VIDEO_EXTENSIONS.has(extensionOf(path))) throw new UnreadableTagsError(VIDEO);
    return codecOf(read.format) && read.format.duration ? cutTags(toRawTags(read)) : null;
  } catch (error) {
    if (error instanceof BufferSizeError) throw new UnreadableTagsError(TOO_LARGE, { cause: error });
    if (error instanceof UnreadableTagsError || isFileSystemError(error)) throw error;
    return null;
  }
}

const VIDEO = 'It holds video: a film is not music.';
const TOO_LARGE = `Its tags are larger than ${MAX_TAG_BYTES / 1_048_576} MB.`;

/** Null for a file without a picture, or with one that is too large. */
export async function parseCover(path: string): Promise<Uint8Array | null> {
  const { common } = await parse(path, { skipCovers: false });
  const pictures = (common.picture ?? []).filter(({ data }) => isPicture(data));
  return selectCover(pictures)?.data ?? null;
}

async function parse(path: string, { skipCovers }: { skipCovers: boolean }): Promise<IAudioMetadata> {
  const tokenizer = await TagTokenizer.open(path, { skipPictures: skipCovers });
  try {
    return await parseFromTokenizer(tokenizer, { skipCovers });
  } finally {
    await tokenizer.close();
  }
}

function toRawTags({ common, format, native }: IAudioMetadata): RawTags {
  const text = format.container === 'WAVE' ? repaired : (value: string | undefined) => value ?? null;
  return {
    title: text(common.title),
    ...artistsOf({ common, native }, text),
    albumArtist: text(common.albumartist),
    album: text(common.album),
    compilation: common.compilation ?? false,
    isrc: common.isrc?.[0] ?? null,
    upc: common.barcode ?? null,
    ...(isMusicBrainzId(common.musicbrainz_albumid) ? { releaseId: common.musicbrainz_albumid } : {}),
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

const isMusicBrainzId = (text: string | undefined): boolean =>
  /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text ?? '');

/** music-metadata splits ID3v2.3 and 2.2 at each slash: their text is put together again (credits.ts splits it). */
function artistsOf(
  { common, native }: Pick<IAudioMetadata, 'common' | 'native'>,
  text: (value: string | undefined) => string | null,
): Pick<RawTags, 'artists' | 'slashes'> {
  const artists = (common.artists ?? [common.artist ?? '']).map((name) => text(name) ?? '');
  for (const [type, frame] of SLASHED) {
    const values = (native[type] ?? []).filter(({ id }) => id === frame).map(({ value }) => value);
    const isSource =
      values.length > 1 && values.every((value) => typeof value === 'string' && artists.includes(value));
    if (isSource) return { artists: [values.join('/')], slashes: true };
  }
  return { artists };
}

const SLASHED = [
  ['ID3v2.3', 'TPE1'],
  ['ID3v2.2', 'TP1'],
] as const;

/** RIFF names no encoding and is read as Latin-1, but most programs write UTF-8, ffmpeg among them. */
function repaired(text: string | undefined): string | null {
  if (!text || !/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text ?? null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
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
