import type { Rendition } from '../catalog/audio-source.js';
import type { Track } from '../catalog/catalog-item.js';
import type { RawTags } from '../library/raw-tags.js';
import type { LibraryDeps } from '../library/tag-reader.js';
import type { AudioProbe, TrackTags, TranscodeRequest } from '../media/media.js';
import type { Platform } from '../platform.js';
import { checkDuration, checkQuality } from './audio-quality.js';
import { FETCH_SHARE } from './fetch-audio.js';
import type { TrackDownload } from './plan-track.js';
import { checkLength, estimateOutput, expectSpace, largestOutput } from './track-limits.js';

interface FetchedTrack {
  rendition: Rendition;
  audioPath: string;
  cover: Uint8Array | null;
}

export interface MadeFile {
  path: string;
  rendition: Rendition;
  request: TranscodeRequest;
  output: AudioProbe;
  cover: Uint8Array | null;
}

/** Checks both: a stated length is a hint, decoded audio the fact. */
export async function makeFile(
  { media, tagReader }: Pick<Platform & LibraryDeps, 'media' | 'tagReader'>,
  download: TrackDownload,
  { rendition, audioPath, cover }: FetchedTrack,
): Promise<MadeFile> {
  const { track, options, signal } = download;
  const input = await media.probe(audioPath, signal);
  checkLength(download, input.durationMs);
  checkDuration(track, rendition, input);
  if (!options.acceptLowerQuality) checkQuality(download.settings, track, input);
  const ownTags = options.tagsFromCatalog ? null : await tagReader.read(audioPath, signal);
  await expectSpace(download, estimateOutput(options, { durationMs: input.durationMs, input }));
  const { made } = await download.work.open();
  const request: TranscodeRequest = {
    inputPath: audioPath,
    outputPath: made,
    maxOutputBytes: largestOutput(input, download.settings),
    input,
    format: options.format,
    bitrateKbps: options.bitrateKbps,
    artistSeparator: options.artistSeparator,
    tags: tagsFor(track, rendition, ownTags),
    cover,
  };
  const { writtenMs } = await media.transcode(request, {
    signal,
    onProgress: (percent) => download.onProgress(100 * FETCH_SHARE + percent * (1 - FETCH_SHARE)),
  });
  if (writtenMs !== null) checkDuration(track, rendition, { durationMs: writtenMs });
  const output = await media.probe(request.outputPath, signal);
  signal.throwIfAborted();
  return { path: request.outputPath, rendition, request, output, cover };
}

function tagsFor(track: Track, rendition: Rendition, own: RawTags | null): TrackTags {
  const tags = catalogTags(track, rendition);
  return own ? { ...tags, ...presentTags(own) } : tags;
}

function presentTags(own: RawTags): Partial<TrackTags> {
  const tags: Partial<TrackTags> = {
    title: own.title ?? '',
    artists: own.artists.filter(Boolean),
    album: own.album,
    albumArtists: own.albumArtist ? [own.albumArtist] : [],
    trackNumber: own.trackNumber,
    trackTotal: own.trackTotal,
    discNumber: own.discNumber,
    discTotal: own.discTotal,
    date: own.date,
    isrc: own.isrc,
    upc: own.upc,
    genres: own.genres.filter(Boolean),
    label: own.label,
    copyright: own.copyright,
  };
  const isPresent = (value: unknown) => (Array.isArray(value) ? value.length > 0 : Boolean(value));
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => isPresent(value)));
}

/** None where it is below the number: a catalog that lacks tracks counts those that it has. */
function totalFor(number: number | null, total: number | undefined): number | null {
  return total === undefined || total < (number ?? 1) ? null : total;
}

function catalogTags(track: Track, rendition: Rendition): TrackTags {
  const { album } = track;
  return {
    title: track.title,
    artists: track.artists.map((artist) => artist.name),
    album: album?.title ?? null,
    albumArtists: album?.artists.map((artist) => artist.name) ?? [],
    trackNumber: track.trackNumber,
    trackTotal: totalFor(track.trackNumber, track.trackTotal ?? album?.trackTotal),
    discNumber: track.discNumber,
    discTotal: totalFor(track.discNumber, album?.discTotal),
    date: album?.releaseDate ?? null,
    isrc: track.isrc,
    upc: album?.upc ?? null,
    genres: track.genres.length > 0 ? track.genres : (album?.genres ?? []),
    label: album?.label ?? null,
    copyright: album?.copyright ?? null,
    comment: `Source: ${rendition.source}. Licence: ${rendition.licence}`,
  };
}
