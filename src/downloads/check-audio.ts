import type { Track } from '../catalog/catalog-item.js';
import type { Rendition } from '../catalog/audio-source.js';
import { isGoodEnough, qualityFloor } from './audio-quality.js';
import { QualityUnavailableError, SourceCutOffError, SourceInvalidAudioError } from './errors.js';

/** Seconds by which catalogues round and encoders pad. */
const TOLERANCE_MS = 3_000;
const TOLERANCE_SHARE = 0.05;

/** The source's audio must be as long as was promised: shorter was cut off, longer is something else. */
export function checkDuration(
  track: Track,
  rendition: Rendition,
  { durationMs }: { durationMs: number },
): void {
  const promisedMs = rendition.durationMs ?? track.durationMs;
  if (promisedMs <= 0) return;
  const toleranceMs = Math.max(TOLERANCE_MS, promisedMs * TOLERANCE_SHARE);
  const [is, should] = [durationMs, promisedMs].map((ms) => `${Math.round(ms / 100) / 10} s`);
  if (durationMs < promisedMs - toleranceMs) {
    throw new SourceCutOffError(`${rendition.source} sent ${is} of ${should}.`);
  }
  if (durationMs > promisedMs + toleranceMs) {
    throw new SourceInvalidAudioError(
      `${rendition.source} sent ${is} of audio where ${should} were expected.`,
    );
  }
}

/** The file may tell what its source did not. */
export function checkQuality(
  settings: Parameters<typeof qualityFloor>[0],
  track: Track,
  found: { codec: string; bitrateKbps: number | null },
): void {
  const floor = qualityFloor(settings, track);
  if (floor && !isGoodEnough(floor, found)) throw new QualityUnavailableError(track.title, { floor, found });
}
