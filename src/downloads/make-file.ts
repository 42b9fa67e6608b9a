import type { Rendition } from '../catalog/audio-source.js';
import { providerOf, type Track } from '../catalog/catalog-item.js';
import { LIBRARY } from '../library/library-file.js';
import { DamagedAudioError } from '../media/errors.js';
import type { RecordingFacts } from '../catalog/enrichment.js';
import type {
  AudioFacts,
  AudioProbe,
  MusicBrainzIds,
  TrackTags,
  Transcoded,
  TranscodeRequest,
  Verified,
} from '../media/media.js';
import type { Platform } from '../platform.js';
import { checkDuration, checkQuality } from './audio-quality.js';
import { FETCH_SHARE } from './fetch-audio.js';
import type { TrackDownload } from './plan-track.js';
import { checkLength, estimateOutput, expectSpace, largestOutput } from './track-limits.js';

export interface FetchedTrack {
  rendition: Rendition;
  audioPath: string;
  cover: Uint8Array | null;
  /** What fills the gaps of the catalog; null when nothing was found in time. */
  facts: RecordingFacts | null;
}

export interface MadeFile {
  path: string;
  rendition: Rendition;
  request: TranscodeRequest;
  output: AudioFacts;
  cover: Uint8Array | null;
  verified: Verified | null;
}

/** Checks both: a stated length is a hint, decoded audio the fact. */
export async function makeFile(
  { media }: Pick<Platform, 'media'>,
  download: TrackDownload,
  { rendition, audioPath, cover, facts }: FetchedTrack,
): Promise<MadeFile> {
  const { track, options, signal } = download;
  // A copy is compared with what was verified; nothing else would notice an old probe.
  const known = options.format === 'KEEP' && rendition.localPath !== null ? rendition.verified?.probe : null;
  const input = known ?? (await media.probe(audioPath, signal));
  checkInput(download, rendition, input);
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
    tags: withFacts(catalogTags(track, rendition), facts),
    // What the library's catalog says of a file was read from its tags, where it may have been taken apart or cut.
    tagPolicy: options.tagsFromCatalog && providerOf(track) !== LIBRARY ? 'replace' : 'fill',
    cover,
    verified: rendition.verified ?? null,
  };
  const transcoded = await transcode(media, download, { rendition, request });
  const { decodedMs, output, verified } = transcoded;
  if (transcoded.input !== input) checkInput(download, rendition, transcoded.input);
  if (decodedMs !== null) checkDuration(track, rendition, { durationMs: decodedMs });
  signal.throwIfAborted();
  // The header of a copied file may be wrong; ffmpeg's count is less precise than a right one.
  const isStatedRight = Math.abs((decodedMs ?? output.durationMs) - output.durationMs) < 1_000;
  const durationMs = isStatedRight ? output.durationMs : (decodedMs ?? 0);
  return {
    path: request.outputPath,
    rendition,
    request: { ...request, input: transcoded.input },
    output: { ...output, durationMs },
    cover,
    verified,
  };
}

function checkInput(download: TrackDownload, rendition: Rendition, input: AudioProbe): void {
  const { track, options, settings } = download;
  checkLength(download, input.durationMs);
  checkDuration(track, rendition, input);
  if (!options.acceptLowerQuality) checkQuality(settings, track, input);
}

async function transcode(
  media: Platform['media'],
  { onProgress, signal }: TrackDownload,
  { request, rendition }: Pick<MadeFile, 'request' | 'rendition'>,
): Promise<Transcoded> {
  try {
    return await media.transcode(request, {
      signal,
      onProgress: (percent) => onProgress(100 * FETCH_SHARE + percent * (1 - FETCH_SHARE)),
    });
  } catch (thrown) {
    // Another transfer may be whole; a file of the owner's stays as it is.
    const mayBeWhole = thrown instanceof DamagedAudioError && rendition.localPath === null;
    throw mayBeWhole ? new DamagedAudioError(thrown.message, true) : thrown;
  }
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
    source: rendition.source,
    licence: rendition.licence,
  };
}

/** The catalog is right where it says something. */
function withFacts(tags: TrackTags, facts: RecordingFacts | null): TrackTags {
  if (!facts) return tags;
  const { release } = facts;
  return {
    ...tags,
    date: tags.date ?? release?.date ?? null,
    label: tags.label ?? release?.label ?? null,
    upc: tags.upc ?? (release?.upc || null),
    genres: tags.genres.length > 0 ? tags.genres : facts.genres,
    musicBrainz: toIds(facts),
  };
}

function toIds({ recordingId, artistIds, release }: RecordingFacts): MusicBrainzIds {
  return {
    recordingId,
    artistIds,
    releaseTrackId: release?.trackId ?? null,
    releaseId: release?.id ?? null,
    releaseGroupId: release?.groupId ?? null,
    albumArtistIds: release?.artistIds ?? [],
  };
}
