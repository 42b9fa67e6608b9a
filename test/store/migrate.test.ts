import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/lib/logger.js';
import { DatabaseUnreachableError } from '../../src/database/connect.js';
import { migrate } from '../../src/database/migrate.js';
import { createDatabase } from '../../src/database/prisma.js';
import { groupChangedFiles } from '../../src/library/group-store.js';
import { createLibraryIndex } from '../../src/library/library-store.js';
import { settingsTable, watchSettingsTable } from '../../src/settings/settings.js';
import { downloadOptions } from '../../src/tasks/download-options.js';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../kit/database.js';
import { readDatamodel, type Column } from '../kit/prisma-schema.js';

const log = createLogger('silent');
const OWN = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));
const SCHEMA = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url));
const OWN_NAMES = readdirSync(OWN).sort();

/* As version 0.1.0 stored them. */
const OLD_SETTINGS = {
  service: 'deezer',
  fallback: true,
  spotify: 'me',
  convertTo: 'MP3',
  bitrateKbps: 192,
  tracknumPadding: false,
  recursiveQuality: true,
  spotifyMetadata: false,
};
const OLD_WATCH_SETTINGS = {
  maxItemsPerRun: 10,
  retryFailedAfterSeconds: 0,
  watchedArtistAlbumGroup: ['ALBUM'],
  useSnapshotIdChecking: false,
};
const OLD_OPTIONS = {
  format: 'OPUS',
  bitrateKbps: 128,
  customDirFormat: '%album%',
  customTrackFormat: '%music%',
  tracknumPadding: false,
  padNumberWidth: 'auto',
  artistSeparator: ' & ',
  saveCover: false,
  recursiveQuality: true,
  realTime: true,
  realTimeMultiplier: 2.5,
  albumGroups: null,
  userDirectory: null,
  spotifyMetadata: false,
};

async function query<Row extends pg.QueryResultRow>({ url }: TestDatabase, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('migrations', () => {
  let database: TestDatabase;
  let directory: string;

  beforeEach(async () => {
    database = await createEmptyDatabase();
    directory = mkdtempSync(join(tmpdir(), 'reprise-migrations-'));
    cpSync(OWN, directory, { recursive: true });
  });

  afterEach(async () => {
    rmSync(directory, { recursive: true, force: true });
    await database.drop();
  });

  const run = () => migrate({ url: database.url, directory, log });

  function add(name: string, sql: string): void {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'migration.sql'), sql);
  }

  it('are applied once each when eight processes start at once', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, run));
    expect(results.flatMap(({ applied }) => applied)).toEqual(OWN_NAMES);
    const recorded = await query(
      database,
      'SELECT migration_name FROM _prisma_migrations ORDER BY started_at',
    );
    expect(recorded.map((row) => row['migration_name'] as string)).toEqual(OWN_NAMES);
  });

  it('keep the cached catalog responses when their table is renamed', async () => {
    const later = OWN_NAMES.filter((name) => name >= '0009');
    for (const name of later) rmSync(join(directory, name), { recursive: true });
    await run();
    await query(database, `INSERT INTO "CatalogAnswer" VALUES ('far 1 findTrack', '{"id":1}', 'epoch')`);
    for (const name of later) cpSync(join(OWN, name), join(directory, name), { recursive: true });
    expect((await run()).applied).toEqual(later);
    expect(await query(database, 'SELECT * FROM "CatalogCacheEntry"')).toEqual([
      { key: 'far 1 findTrack', value: '{"id":1}', fetchedAt: new Date(0) },
    ]);
  });

  it.each([
    [
      'demo',
      'of an installation that was used',
      `INSERT INTO "SettingsVersion" ("section", "document") VALUES ('WATCHES', '{}')`,
    ],
    ['deezer', 'of a new one', 'SELECT 1'],
  ])('make %s the default catalog %s', async (catalog, _what, use) => {
    const later = OWN_NAMES.filter((name) => name >= '0028');
    for (const name of later) rmSync(join(directory, name), { recursive: true });
    await run();
    await query(database, use);
    for (const name of later) cpSync(join(OWN, name), join(directory, name), { recursive: true });
    await run();
    expect(await query(database, 'SELECT * FROM "Installation"')).toEqual([{ id: 1, catalog }]);
  });

  it('keep the albums of the library, before its files are read again', async () => {
    const later = OWN_NAMES.filter((name) => name >= '0022');
    for (const name of later) rmSync(join(directory, name), { recursive: true });
    await run();
    await query(
      database,
      `INSERT INTO "LibraryFile" ("id", "path", "sizeBytes", "modifiedAt", "scannedAt", "title", "artists", "albumArtist",
        "album", "albumId", "artistIds", "genres", "searchText", "titleKey")
      SELECT 'library:' || n, '/music/Nox/Boy/' || n || '.mp3', 1, now(), now(), 'Song ' || n, '{Nox}', 'Nox', 'Boy',
        'library:old', '{library:nox,library:nox}', '{}', 'song ' || n || E'\\nnox\\tnox\\nboy nox', 'song ' || n
      FROM generate_series(1, 2) n`,
    );
    for (const name of later) cpSync(join(OWN, name), join(directory, name), { recursive: true });
    await run();
    const { db, close } = createDatabase({ url: database.url, log });
    await groupChangedFiles(db, { isOwnOutput: () => false });
    const index = createLibraryIndex(db);
    const first = { offset: 0, limit: 10 };
    const { items } = await index.searchAlbums('boy', first);
    expect(items).toMatchObject([{ title: 'Boy', artistName: 'Nox', trackTotal: 2 }]);
    expect(await index.listAlbumTracks(items[0]?.id ?? '', first)).toMatchObject({ total: 2 });
    expect((await index.searchTracks('song 2', first)).items).toMatchObject([{ file: { factsVersion: 0 } }]);
    await close();
  });

  it('keep settings and options that were stored under the names of the REST API', async () => {
    const later = OWN_NAMES.filter((name) => name >= '0014');
    for (const name of later) rmSync(join(directory, name), { recursive: true });
    await run();
    const stored = [
      { section: 'DOWNLOADS', document: { service: 'demo', deezer: '', version: 1 } },
      { section: 'DOWNLOADS', document: OLD_SETTINGS },
      { section: 'WATCHES', document: OLD_WATCH_SETTINGS },
    ];
    for (const { section, document } of stored) {
      const values = `'${section}', '${JSON.stringify(document)}'`;
      await query(database, `INSERT INTO "SettingsVersion" ("section", "document") VALUES (${values})`);
    }
    const options = [OLD_OPTIONS, { format: 'FLAC', bitrateKbps: null }, []];
    for (const [index, each] of options.entries()) {
      const id = `00000000-0000-4000-8000-00000000010${index}`;
      await query(
        database,
        `INSERT INTO "Task" ("id", "kind", "ownerId", "itemId", "title", "item", "options")
          SELECT '${id}', 'TRACK', "id", 'demo:x', 'x', '{}', '${JSON.stringify(each)}' FROM "User"`,
      );
    }
    const stamps = () =>
      query(database, 'SELECT "id", "sequence"::text, "updatedAt" FROM "Task" ORDER BY "id"');
    const before = await stamps();

    for (const name of later) cpSync(join(OWN, name), join(directory, name), { recursive: true });
    expect((await run()).applied).toEqual(later);
    const tasks = await query<{ options: object }>(database, 'SELECT "options" FROM "Task" ORDER BY "id"');
    expect(tasks.map((task) => task.options)).toEqual([
      expect.objectContaining({ padNumbers: false, acceptLowerQuality: true, tagsFromCatalog: false }),
      options[1],
      [],
    ]);
    // Options that came later have their defaults.
    const added = { downloadPath: null, skipExplicit: false };
    expect(downloadOptions.strict().parse(tasks[0]?.options)).toEqual(
      expect.objectContaining({ ...tasks[0]?.options, ...added }),
    );
    expect(await stamps()).toEqual(before);
    expect(await query(database, `SELECT * FROM "TaskCount" WHERE "n" <> 1`)).toEqual([]);
    const rows = await query<{ document: object }>(
      database,
      'SELECT "document" FROM "SettingsVersion" ORDER BY "version"',
    );
    const [first, settings, watches] = rows.map(({ document }) => document);
    expect(first).toEqual({ catalog: 'demo', version: 1 });
    expect(settings).toEqual({
      catalog: 'deezer',
      askAllSources: true,
      spotifyAccount: 'me',
      format: 'MP3',
      padNumbers: false,
      acceptLowerQuality: true,
      tagsFromCatalog: false,
      bitrateKbps: 192,
    });
    expect(settingsTable.partial().strict().parse(settings)).toMatchObject(settings ?? {});
    expect(watches).toEqual({
      pageSize: 10,
      watchedAlbumGroups: ['ALBUM'],
      skipUnchangedPlaylists: false,
      retryFailedAfterSeconds: null,
    });
    expect(watchSettingsTable.strict().parse(watches)).toMatchObject(watches ?? {});
  });

  it('are recorded as Prisma records them', async () => {
    await run();
    const [row] = await query(database, 'SELECT * FROM _prisma_migrations ORDER BY migration_name');
    const sql = readFileSync(join(OWN, OWN_NAMES[0] ?? '', 'migration.sql'));
    expect(row).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      checksum: createHash('sha256').update(sql).digest('hex'),
      finished_at: expect.any(Date) as Date,
      migration_name: OWN_NAMES[0],
      logs: null,
      rolled_back_at: null,
      started_at: expect.any(Date) as Date,
      applied_steps_count: 1,
    });
  });

  it('are applied from where the database is, in the order of their names', async () => {
    await run();
    add('0900_second', 'ALTER TABLE extra ADD COLUMN b int');
    add('0800_first', 'CREATE TABLE extra (a int)');
    expect(await run()).toEqual({ applied: ['0800_first', '0900_second'] });
    expect(await run()).toEqual({ applied: [] });
  });

  it('count the existing tasks', async () => {
    const later = OWN_NAMES.slice(1);
    later.forEach((name) => rmSync(join(directory, name), { recursive: true }));
    await run();
    await query(
      database,
      `INSERT INTO "Task" ("id", "kind", "state", "ownerId", "itemId", "title", "item", "options")
       SELECT gen_random_uuid(), 'TRACK', CASE WHEN n <= 3 THEN 'FAILED' ELSE 'QUEUED' END::"TaskState",
         '00000000-0000-4000-8000-000000000001', 'demo:1', 'Track', '{}', '{}' FROM generate_series(1, 5) AS n`,
    );
    later.forEach((name) => cpSync(join(OWN, name), join(directory, name), { recursive: true }));
    expect(await run()).toEqual({ applied: later });
    const counts = await query(
      database,
      `SELECT "state"::text, "topLevel", "dismissed", "n" FROM "TaskCount" ORDER BY "n"`,
    );
    const plain = { topLevel: true, dismissed: false };
    expect(counts).toEqual([
      { ...plain, state: 'QUEUED', n: 2 },
      { ...plain, state: 'FAILED', n: 3 },
    ]);
  });

  it('leave nothing behind when one fails, name it, and continue once it is fixed', async () => {
    add('0900_broken', 'CREATE TABLE half (a int); SELECT nonsense;');
    await expect(run()).rejects.toThrow(/0900_broken.*nonsense/);
    expect(await query(database, `SELECT to_regclass('half')::text AS half`)).toEqual([{ half: null }]);
    writeFileSync(join(directory, '0900_broken', 'migration.sql'), 'CREATE TABLE half (a int)');
    expect(await run()).toEqual({ applied: ['0900_broken'] });
  });

  it('are rejected when an applied one has changed', async () => {
    await run();
    const path = join(directory, OWN_NAMES[0] ?? '', 'migration.sql');
    writeFileSync(path, `${readFileSync(path, 'utf8')}\n-- changed`);
    await expect(run()).rejects.toThrow(`The migration "${OWN_NAMES[0]}" was changed`);
  });

  it('are rejected when the database has an unknown one', async () => {
    add('0900_future', 'CREATE TABLE future (a int)');
    await run();
    rmSync(join(directory, '0900_future'), { recursive: true });
    await expect(run()).rejects.toThrow(/0900_future.*newer/s);
  });
});

describe('a database that cannot be reached', () => {
  it('is reported by its variable, without the password', async () => {
    const urls = [
      'postgresql://me:hunter2@127.0.0.1:1/music',
      'postgresql://me:hunter2@localhost:1/music',
      'postgresql://me:hunter2@nowhere.invalid/music',
    ];
    for (const url of urls) {
      const failure: unknown = await migrate({ url, log }).catch((thrown: unknown) => thrown);
      expect(failure).toBeInstanceOf(DatabaseUnreachableError);
      const { message } = failure as DatabaseUnreachableError;
      expect(message).toMatch(/^Cannot connect to the database that DATABASE_URL names: .*E[A-Z]{4}/);
      expect(message).not.toContain('hunter2');
    }
  });
});

/** Models that say `@@ignore`: tables of which only SQL of our own knows. */
const IGNORED = ['TaskCount'];

describe('the migrated database', () => {
  const datamodel = readDatamodel(SCHEMA);
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
    return () => database.drop();
  });

  const list = async (text: string) =>
    (await query<{ item: string }>(database, text)).map(({ item }) => item).sort();

  it('has the columns of the datamodel and no others', async () => {
    const columns = await query<Column>(
      database,
      `SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
              NOT a.attnotnull AS nullable, pg_get_expr(d.adbin, d.adrelid) AS default
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
          AND NOT a.attisdropped AND c.relname <> '_prisma_migrations'`,
    );
    const byName = (a: Column, b: Column) => `${a.table}.${a.name}`.localeCompare(`${b.table}.${b.name}`);
    // The two spell numbers apart, and JSON: -1 and '-1'::integer, 0 and (0)::double precision, "{}" and '{}'::jsonb.
    const plainDefault = (text: string) =>
      text
        .replace(/^\(?(\d+)\)?::.*$/, '$1')
        .replace(/^nextval\(.*\)$/, 'autoincrement()')
        .replace(/^'(.*)'::jsonb$/, '"$1"');
    const plain = (column: Column) => ({
      ...column,
      default: column.default === null ? null : plainDefault(column.default),
    });
    expect(columns.map(plain).sort(byName)).toEqual([...datamodel.columns].sort(byName));
  });

  it('has the enums of the datamodel', async () => {
    const enums = await query(
      database,
      `SELECT t.typname AS name, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS values
         FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY t.typname ORDER BY t.typname`,
    );
    expect(enums).toEqual([...datamodel.enums].sort((a, b) => a.name.localeCompare(b.name)));
  });

  /** Indexes that Prisma can express: partial and inverted ones are ours alone. */
  const indexed = (condition: string) =>
    list(
      `SELECT format('%s(%s)', c.relname, string_agg(a.attname, ', ' ORDER BY k.place)) AS item
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k (number, place)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> '_prisma_migrations'
          AND i.indpred IS NULL AND ${condition}
        GROUP BY i.indexrelid, c.relname`,
    );

  it('has the keys and the unique indexes of the datamodel and no others', async () => {
    expect(await indexed('i.indisprimary')).toEqual([...datamodel.primaryKeys].sort());
    expect(await indexed('i.indisunique AND NOT i.indisprimary')).toEqual([...datamodel.uniques].sort());
  });

  it('has the indexes of the datamodel', async () => {
    expect(await indexed('NOT i.indisunique')).toEqual(expect.arrayContaining(datamodel.indexes));
  });

  it('has the foreign keys of the datamodel and no others', async () => {
    const columns = (table: string, key: string) =>
      `(SELECT string_agg(attname, ', ' ORDER BY n) FROM unnest(c.${key}) WITH ORDINALITY AS k (number, n)
         JOIN pg_attribute ON attrelid = c.${table} AND attnum = number)`;
    const keys = await list(
      `SELECT format('%s(%s) -> %s(%s) on delete %s', f.relname, ${columns('conrelid', 'conkey')}, t.relname,
                ${columns('confrelid', 'confkey')},
                CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SETNULL' ELSE 'RESTRICT' END) AS item
         FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
        WHERE c.contype = 'f'`,
    );
    expect(keys).toEqual([...datamodel.foreignKeys].sort());
  });

  it('is what the generated client was made from', async () => {
    const { Prisma } = await import('../../src/generated/prisma/client.js');
    const generated = Object.entries(Prisma).flatMap(([name, fields]) => {
      const table = /^(\w+)ScalarFieldEnum$/.exec(name)?.[1];
      return table ? Object.keys(fields).map((field) => `${table}.${field}`) : [];
    });
    const known = datamodel.columns.filter(({ table }) => !IGNORED.includes(table));
    expect(generated.sort()).toEqual(known.map(({ table, name }) => `${table}.${name}`).sort());
  });
});
