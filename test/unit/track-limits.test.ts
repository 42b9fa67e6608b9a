import { expect, test } from 'vitest';
import {
  estimateFetch,
  estimateOutput,
  largestFetch,
  largestOutput,
} from '../../src/downloads/track-limits.js';
import type { AudioProbe } from '../../src/media/media.js';

const HALF_AN_HOUR_MS = 1_800_000;
/** What the file takes as 16-bit WAV. */
const WAV_BYTES = 1_800 * 44_100 * 2 * 2;
const silence: AudioProbe = {
  ...{ container: 'flac', codec: 'flac', bitrateKbps: 1, durationMs: HALF_AN_HOUR_MS, sampleRateHz: 44_100 },
  ...{ channels: 2, bitDepth: 16, hasCover: false, tags: {} },
};
const day = { maxTrackSeconds: 86_400 };

test('a file may take somewhat more than its stated length as WAV, and no more', () => {
  expect(largestOutput(silence, day)).toBeGreaterThan(WAV_BYTES);
  expect(largestOutput(silence, day)).toBeLessThan(WAV_BYTES * 1.4);
});

test('a false length of 18 days allows no more than the longest track takes', () => {
  const lying = { ...silence, durationMs: 1_558_264_779 };
  expect(largestOutput(lying, day)).toBe(largestOutput({ ...silence, durationMs: 86_400_000 }, day));
  expect(largestOutput(lying, { maxTrackSeconds: 60 })).toBeLessThan(64 * 1_048_576);
});

test('a file of few and short samples may still become the largest lossy one', () => {
  const narrow = { ...silence, sampleRateHz: 8_000, channels: 1, bitDepth: 8 };
  expect(largestOutput(narrow, day)).toBeGreaterThan((1_800 * 320_000) / 8);
});

test('a source may send as much as its stated length needs, or the longest track', () => {
  expect(largestFetch(0, day)).toBeGreaterThan(largestFetch(HALF_AN_HOUR_MS, day));
  expect(largestFetch(HALF_AN_HOUR_MS, day)).toBeGreaterThan(WAV_BYTES);
  expect(largestFetch(86_400_000, { maxTrackSeconds: 60 })).toBeLessThan(largestFetch(HALF_AN_HOUR_MS, day));
});

test('the space that a track needs is its stated size, and what its format takes', () => {
  const rendition = {
    ...{ source: 'x', ref: 'x', codec: 'mp3', bitrateKbps: 128, durationMs: null, sizeBytes: null },
    ...{ checksum: null, localPath: null, licence: 'none', resumable: false },
  };
  expect(estimateFetch(rendition, HALF_AN_HOUR_MS)).toBe((1_800 * 128_000) / 8);
  expect(estimateFetch({ ...rendition, sizeBytes: 71 }, HALF_AN_HOUR_MS)).toBe(71);
  expect(estimateFetch({ ...rendition, localPath: '/music/a.mp3' }, HALF_AN_HOUR_MS)).toBe(0);
  const durationMs = HALF_AN_HOUR_MS;
  const wav = { format: 'WAV', bitrateKbps: null } as const;
  expect(estimateOutput(wav, { durationMs, input: null })).toBe(WAV_BYTES);
  expect(estimateOutput(wav, { durationMs, input: { ...silence, channels: 1 } })).toBe(WAV_BYTES / 2);
  const mp3 = { format: 'MP3', bitrateKbps: 320 } as const;
  expect(estimateOutput(mp3, { durationMs, input: silence })).toBe((1_800 * 320_000) / 8);
});
