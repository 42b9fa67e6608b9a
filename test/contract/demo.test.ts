import { createDemoCatalog } from '../../src/upstream/demo/catalog.js';
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
