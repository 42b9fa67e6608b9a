import type { Track } from '../catalog/catalog-item.js';
import type { DeezerQuality, Settings, SpotifyQuality } from '../settings/settings.js';
import { LOSSLESS_CODECS } from '../media/media.js';

/** The least that audio must have. */
export interface QualityFloor {
  /** What the owner calls it. */
  name: SpotifyQuality | DeezerQuality;
  /** kbit/s; null: nothing but lossless will do. */
  minKbps: number | null;
}

const SPOTIFY: Record<SpotifyQuality, number> = { NORMAL: 96, HIGH: 160, VERY_HIGH: 320 };
const DEEZER: Record<DeezerQuality, number | null> = { MP3_128: 128, MP3_320: 320, FLAC: null };

/** What the owner wants of audio for this track; null for a catalogue without such a setting. */
export function qualityFloor(
  { spotifyQuality, deezerQuality }: Pick<Settings, 'spotifyQuality' | 'deezerQuality'>,
  { id }: Pick<Track, 'id'>,
): QualityFloor | null {
  const [provider] = id.split(':', 1);
  if (provider === 'spotify') return { name: spotifyQuality, minKbps: SPOTIFY[spotifyQuality] };
  if (provider === 'deezer') return { name: deezerQuality, minKbps: DEEZER[deezerQuality] };
  return null;
}

/** Encoders miss the bitrate they were told by a little. */
const TOLERANCE = 0.95;

/** What is not known of audio does not speak against it: the file will tell. */
export function isGoodEnough(
  floor: QualityFloor | null,
  { codec, bitrateKbps }: { codec: string | null; bitrateKbps: number | null },
): boolean {
  if (floor === null || codec === null || LOSSLESS_CODECS.test(codec)) return true;
  if (floor.minKbps === null) return false;
  return bitrateKbps === null || bitrateKbps >= floor.minKbps * TOLERANCE;
}

/** Lossless before everything, then by bitrate: for what is below the floor, the best there is. */
export function rankQuality({
  codec,
  bitrateKbps,
}: {
  codec: string | null;
  bitrateKbps: number | null;
}): number {
  return codec !== null && LOSSLESS_CODECS.test(codec) ? Infinity : (bitrateKbps ?? 0);
}
