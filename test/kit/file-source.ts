import { createReadStream } from 'node:fs';
import type { AudioSource, Rendition } from '../../src/catalog/audio-source.js';

/** A source of files that a test has made, for the items that it offers them for. */
export interface FileSource extends AudioSource {
  offer(itemId: string, path: string, own?: Partial<Rendition>): void;
}

export function createFileSource(): FileSource {
  const offers = new Map<string, Rendition>();
  return {
    name: 'files',
    offer: (itemId, path, own = {}) => void offers.set(itemId, { ...UNKNOWN, ref: path, ...own }),
    find: ({ id }) => Promise.resolve(offers.get(id) ?? null),
    open: ({ ref }, { offsetBytes, signal }) =>
      Promise.resolve(createReadStream(ref, { start: offsetBytes, signal })),
  };
}

/** It knows nothing of the audio, and is streamed. */
const UNKNOWN = {
  source: 'files',
  codec: null,
  bitrateKbps: null,
  durationMs: null,
  sizeBytes: null,
  checksum: null,
  localPath: null,
  licence: 'none',
  resumable: false,
};
