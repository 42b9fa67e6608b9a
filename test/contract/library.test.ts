import { afterAll, beforeAll } from 'vitest';
import type { AudioSource } from '../../src/catalog/audio-source.js';
import type { Track } from '../../src/catalog/catalog-item.js';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { createLibraryCatalog } from '../../src/library/library-catalog.js';
import { createLibraryRoots } from '../../src/library/library-roots.js';
import { createLibrarySource } from '../../src/library/library-source.js';
import { createLibraryIndex } from '../../src/library/library-store.js';
import { makeTrack } from '../kit/catalog-items.js';
import { createTestLibrary, type TestLibrary } from '../kit/library.js';
import { describeAudioSource } from './audio-source.js';
import { describeCatalogSource } from './catalog-source.js';

let library: TestLibrary;
let catalog: CatalogSource;
let source: AudioSource;
let own: Track | null;
const ids = { track: '', album: '', artist: '' };

beforeAll(async () => {
  library = await createTestLibrary();
  const tags = { artist: 'Kelp & Lantern', album: 'Slow Weather', date: '2021' };
  await library.add('one.flac', { ...tags, title: 'Slow Weather, 1', track: '1/2', disc: '1/1' });
  await library.add('two.flac', { ...tags, title: 'Slow Weather, 2', track: '2/2', disc: '1/1' });
  await library.add('buoy.flac', { ...tags, album: 'Buoy', title: 'Buoy', track: '1/1' });
  await library.add('coded.flac', { ...tags, album: 'Codes', title: 'Coded', ISRC: 'XXKEL7001009' });
  await library.scan();
  const roots = createLibraryRoots([library.root]);
  const index = createLibraryIndex(library.db);
  catalog = createLibraryCatalog({ index, roots, covers: library.reader });
  source = createLibrarySource({ index, roots });
  const { signal } = new AbortController();
  const find = async (type: 'TRACK' | 'ALBUM' | 'ARTIST', text: string) =>
    (await catalog.search({ type, text, offset: 0, limit: 1 }, signal)).items[0]?.id ?? '';
  ids.track = await find('TRACK', 'slow weather');
  ids.album = await find('ALBUM', 'slow weather');
  ids.artist = await find('ARTIST', 'kelp');
  own = await catalog.findTrack(ids.track, signal);
});
afterAll(() => library.close());

describeCatalogSource('library', () => ({
  catalog,
  words: { TRACK: 'weather', ALBUM: 'slow', ARTIST: 'kelp' },
  ...ids,
  playlist: null,
  show: null,
  episode: null,
  missing: 'library:nothing',
}));

const artists = [{ id: 'elsewhere:1', name: 'Kelp & Lantern' }];

describeAudioSource('library', () => ({
  source,
  byIsrc: makeTrack('elsewhere:1', { title: 'Uncoded', artists, durationMs: 5_000, isrc: 'XXKEL7001009' }),
  byTitle: makeTrack('elsewhere:2', { title: 'Slow Weather, 1', artists, durationMs: 5_000 }),
  own,
  missing: makeTrack('elsewhere:3', { title: 'Nothing of the Kind', artists }),
  licence: /^Your own file$/,
}));
