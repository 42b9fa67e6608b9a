import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PrismaClient } from '../../src/generated/prisma/client.js';
import { createLibraryIndex, type LibraryIndex } from '../../src/library/library-store.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';

const FILES = 30_000;

let database: TestDatabase;
let db: PrismaClient;
const statements: { query: string; params: string }[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const client = new PrismaClient({
    adapter: new PrismaPg({ connectionString: database.url }),
    log: [{ emit: 'event', level: 'query' }],
  });
  client.$on('query', ({ query, params }) => void statements.push({ query, params }));
  db = client;
  const words = `'title' || md5(n::text) || CASE WHEN n = 77 THEN ' needle q' ELSE '' END`;
  const columns = '"id", "path", "sizeBytes", "modifiedAt", "scannedAt", "title", "grouped", "searchText"';
  await db.$executeRawUnsafe(`
    INSERT INTO "LibraryFile" (${columns})
    SELECT 'library:' || n, '/music/' || n, 1, now(), now(), 'T', true,
      ' ' || ${words} || E' \\n artist' || md5((n / 10)::text) || E' \\n album' || md5((n / 10)::text) || ' '
    FROM generate_series(1, ${FILES}) n`);
  const albums = '"id", "title", "artistId", "artistName", "group", "trackTotal", "discTotal", "searchText"';
  await db.$executeRawUnsafe(`
    INSERT INTO "LibraryAlbum" (${albums})
    SELECT 'library:' || n, 'T', '', '', 'ALBUM', 1, 1, ' ' || ${words} || E' \\n artist '
    FROM generate_series(1, ${FILES}) n`);
  await db.$executeRawUnsafe(`
    INSERT INTO "LibraryArtist" ("id", "name", "searchText")
    SELECT 'library:' || n, 'N', ' ' || ${words} || ' ' FROM generate_series(1, ${FILES}) n`);
  await db.$executeRawUnsafe('VACUUM ANALYZE');
}, 300_000);
afterAll(async () => {
  await db?.$disconnect();
  await database?.drop();
});

const SEARCHES = {
  LibraryFile: (index: LibraryIndex, text: string) => index.searchTracks(text, { offset: 0, limit: 20 }),
  LibraryAlbum: (index: LibraryIndex, text: string) => index.searchAlbums(text, { offset: 0, limit: 20 }),
  LibraryArtist: (index: LibraryIndex, text: string) => index.searchArtists(text, { offset: 0, limit: 20 }),
};

it.each(
  (['LibraryFile', 'LibraryAlbum', 'LibraryArtist'] as const).flatMap((table) =>
    ['needle', 'need', 'q', 'Needle Q'].map((text) => [table, text] as const),
  ),
)('%s is searched for %j by an index', async (table, text) => {
  statements.length = 0;
  expect((await SEARCHES[table](createLibraryIndex(db), text)).total).toBe(1);
  const searches = statements.filter(({ query }) => query.includes(`"${table}"`) && query.includes('LIKE'));
  expect(searches).toHaveLength(2);
  for (const { query, params } of searches) {
    const plan = await db.$queryRawUnsafe(
      `EXPLAIN (FORMAT JSON) ${query}`,
      ...(JSON.parse(params) as unknown[]),
    );
    expect(JSON.stringify(plan)).toContain(`"Index Name":"${table}_searchText"`);
  }
});
