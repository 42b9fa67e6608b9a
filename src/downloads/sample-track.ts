import type { Track } from '../catalog/catalog-item.js';

const CHOIR = { id: 'demo:saltglass-choir', name: 'Saltglass Choir' };
const OTTER = { id: 'demo:otter-and-semaphore', name: 'Otter & Semaphore' };

/** A track that has something for every placeholder, to show what a path format makes of it. */
export const SAMPLE_TRACK: Track = {
  type: 'TRACK',
  id: 'demo:night-ferry-1-05',
  title: 'All the Lifeboats Are Orange',
  artists: [CHOIR, OTTER],
  album: {
    ...{ type: 'ALBUM', id: 'demo:night-ferry', title: 'Night Ferry', artists: [CHOIR], group: 'ALBUM' },
    ...{ releaseDate: '2024-10-18', trackTotal: 9, discTotal: 2, upc: null, label: null, copyright: null },
    ...{ genres: ['Ambient'], images: [], url: null },
  },
  durationMs: 214_000,
  explicit: true,
  trackNumber: 5,
  discNumber: 1,
  isrc: 'XXDEM2401105',
  genres: ['Choral'],
  url: null,
};

export const SAMPLE_PLAYLIST = { title: 'First Watch', position: 7, total: 120 };
