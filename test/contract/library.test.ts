import { afterAll, beforeAll } from 'vitest';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { createLibraryCatalog } from '../../src/library/library-catalog.js';
import { createLibraryRoots } from '../../src/library/library-roots.js';
import { createLibraryIndex } from '../../src/library/library-store.js';
import { createTestLibrary, type TestLibrary } from '../kit/library.js';
import { describeCatalogSource } from './catalog-source.js';

let library: TestLibrary;
let catalog: CatalogSource;
const ids = { track: '', album: '', artist: '' };

beforeAll(async () => {
  library = await createTestLibrary();
  const tags = { artist: 'Kelp & Lantern', album: 'Slow Weather', date: '2021' };
  await library.add('one.flac', { ...tags, title: 'Slow Weather, 1', track: '1/2', disc: '1/1' });
  await library.add('two.flac', { ...tags, title: 'Slow Weather, 2', track: '2/2', disc: '1/1' });
  await library.add('buoy.flac', { ...tags, album: 'Buoy', title: 'Buoy', track: '1/1' });
  await library.scan();
  const roots = createLibraryRoots([library.root]);
  catalog = createLibraryCatalog({ index: createLibraryIndex(library.db), roots, covers: library.reader });
  const { signal } = new AbortController();
  const find = async (type: 'TRACK' | 'ALBUM' | 'ARTIST', text: string) =>
    (await catalog.search({ type, text, offset: 0, limit: 1 }, signal)).items[0]?.id ?? '';
  ids.track = await find('TRACK', 'slow weather');
  ids.album = await find('ALBUM', 'slow weather');
  ids.artist = await find('ARTIST', 'kelp');
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
