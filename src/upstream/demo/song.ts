import type { DemoTrack } from './shapes.js';

/** One line of a track list. */
export function song(
  title: string,
  seconds: number,
  more: Omit<DemoTrack, 'title' | 'seconds'> = {},
): DemoTrack {
  return { title, seconds, ...more };
}
