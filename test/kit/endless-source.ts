import type { AudioSource } from '../../src/catalog/audio-source.js';

/** A source in which no track ever comes to an end by itself. */
export const endlessSource: AudioSource = {
  name: 'endless',
  find: (_track, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    }),
  open: () => Promise.reject(new Error('It is never found.')),
};
