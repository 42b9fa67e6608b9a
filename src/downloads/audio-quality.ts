import type { Rendition } from '../catalog/audio-source.js';
import { providerOf, type Track } from '../catalog/catalog-item.js';
import { LIBRARY } from '../library/library-file.js';
import { InvalidAudioError } from '../media/errors.js';
import { LOSSLESS_CODECS } from '../media/media.js';
import type { DeezerQuality, Settings, SpotifyQuality } from '../settings/settings.js';
import { QualityUnavailableError, SourceCutOffError } from './errors.js';

interface QualityFloor {
  name: SpotifyQuality | DeezerQuality;
  /** kbit/s; null: only lossless audio is good enough. */
  minKbps: number | null;
}

/** Null is unknown. */
interface Quality {
  codec: string | null;
  bitrateKbps: number | null;
}

type QualitySettings = Pick<Settings, 'spotifyQuality' | 'deezerQuality'>;

const SPOTIFY: Record<SpotifyQuality, number> = { NORMAL: 96, HIGH: 160, VERY_HIGH: 320 };
const DEEZER: Record<DeezerQuality, number | null> = { MP3_128: 128, MP3_320: 320, FLAC: null };

export function qualityFloor(
  { spotifyQuality, deezerQuality }: QualitySettings,
  track: Pick<Track, 'id'>,
): QualityFloor | null {
  const provider = providerOf(track);
  if (provider === 'spotify') return { name: spotifyQuality, minKbps: SPOTIFY[spotifyQuality] };
  if (provider === 'deezer') return { name: deezerQuality, minKbps: DEEZER[deezerQuality] };
  return null;
}

/** Encoders miss the bitrate they aim at by a little. */
const BITRATE_TOLERANCE = 0.95;

/** Unknown quality is good enough here: the fetched file is checked again. */
export function isGoodEnough(floor: QualityFloor | null, { codec, bitrateKbps }: Quality): boolean {
  if (floor === null || codec === null || LOSSLESS_CODECS.test(codec)) return true;
  if (floor.minKbps === null) return false;
  return bitrateKbps === null || bitrateKbps >= floor.minKbps * BITRATE_TOLERANCE;
}

export function rankQuality({ codec, bitrateKbps }: Quality): number {
  return codec !== null && LOSSLESS_CODECS.test(codec) ? Infinity : (bitrateKbps ?? 0);
}

/** Catalogs round to seconds, and encoders pad. */
const LENGTH_TOLERANCE_MS = 3_000;
const LENGTH_TOLERANCE_SHARE = 0.05;

export function checkDuration(
  track: Track,
  rendition: Rendition,
  { durationMs }: { durationMs: number },
): void {
  const statedMs = rendition.durationMs ?? track.durationMs ?? 0;
  // The library knows no more than the file's own header says.
  if (statedMs <= 0 || rendition.source === LIBRARY) return;
  const toleranceMs = Math.max(LENGTH_TOLERANCE_MS, statedMs * LENGTH_TOLERANCE_SHARE);
  const [actual, stated] = [durationMs, statedMs].map((ms) => `${Math.round(ms / 100) / 10} s`);
  if (durationMs < statedMs - toleranceMs) {
    throw new SourceCutOffError(`${rendition.source} sent ${actual} of ${stated}.`);
  }
  if (durationMs > statedMs + toleranceMs) {
    throw new InvalidAudioError(`${rendition.source} sent ${actual} of audio where ${stated} were expected.`);
  }
}

/** A source may not have known its quality. */
export function checkQuality(settings: QualitySettings, track: Track, found: Quality): void {
  const floor = qualityFloor(settings, track);
  if (floor && !isGoodEnough(floor, found)) {
    throw new QualityUnavailableError(track.title, { required: floor.name, found });
  }
}
