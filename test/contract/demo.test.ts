import { beforeAll, inject } from 'vitest';
import type { Track } from '../../src/catalog/catalog-item.js';
import type { Media } from '../../src/media/media.js';
import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
import { createDemoSource } from '../../src/upstream/demo/source.js';
import { createTestMedia } from '../kit/audio.js';
import { makeTrack } from '../kit/catalog-items.js';
import { keepAudio } from '../kit/kept-audio.js';
import { describeAudioSource } from './audio-source.js';
import { describeCatalogSource } from './catalog-source.js';

const catalog = createDemoCatalog();

describeCatalogSource('demo', () => ({
  catalog,
  words: {
    TRACK: 'night',
    ALBUM: 'night',
    PLAYLIST: 'watch',
    ARTIST: 'saltglass',
    SHOW: 'keeper',
    EPISODE: 'the',
  },
  track: 'demo:night-ferry-1-03',
  album: 'demo:night-ferry',
  playlist: 'demo:first-watch',
  artist: 'demo:saltglass-choir',
  show: 'demo:keepers-hours',
  episode: 'demo:keepers-hours-001',
  missing: 'demo:nothing',
}));

let media: Media;
let own: Track | null;
beforeAll(async () => {
  media = keepAudio(await createTestMedia(), inject('keptAudio'));
  own = await catalog.findTrack('demo:night-ferry-1-03', new AbortController().signal);
});

describeAudioSource('demo', () => ({
  source: createDemoSource({ media }),
  byIsrc: null,
  byTitle: null,
  own,
  missing: makeTrack('elsewhere:night-ferry-1-03'),
  licence: /^CC0-1\.0$/,
}));
