import type pg from 'pg';
import { normalizeText } from '../../src/catalog/normalize.js';

export interface SeedPlan {
  /** Tasks that are part of no other. */
  topLevel: number;
  /** Of these, every so-manyeth is an album, a playlist or an artist of so many parts; 0 for none. */
  listEvery: number;
  partsPerList: number;
  /** The newest so many have not ended. */
  live: number;
}

/** In a title in 100,000, in every fourth one, in none. Searches ask for them in other spellings. */
export const WORDS = { rare: 'Zwölfkämpfer', common: 'Señorita', none: 'Unauffindbar' };

/**
 * Writes tasks of a past that looks like one: names from a few thousand words of which few are frequent, states,
 * kinds and owners mixed, one a minute up to now. Triggers and indexes are put off and made up for in the end, so
 * that what stands there is what the triggers would have made, and a million rows take a minute or two.
 */
export async function seedTasks(client: pg.Client, plan: SeedPlan): Promise<void> {
  await client.query('BEGIN');
  await client.query('ALTER TABLE "Task" DISABLE TRIGGER USER');
  const indexes = await dropIndexes(client);
  await writeWords(client);
  await client.query(`
    INSERT INTO "User" ("id", "username")
    SELECT ('00000000-0000-4000-9000-00000000000' || n)::uuid, 'listener' || n FROM generate_series(1, 4) n`);
  await client.query(TOP_LEVEL, [plan.topLevel, plan.listEvery, plan.partsPerList, plan.live]);
  if (plan.listEvery > 0) await client.query(PARTS);
  await client.query("SET LOCAL maintenance_work_mem = '512MB'");
  for (const definition of indexes) await client.query(definition);
  await client.query('ALTER TABLE "Task" ENABLE TRIGGER USER');
  await client.query(COUNTS);
  await client.query('COMMIT');
  await client.query('VACUUM ANALYZE "Task", "TaskCount", "User"');
}

/** All but the primary key; answers how to make them again. */
async function dropIndexes(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ indexname: string; indexdef: string }>(
    `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'Task' AND indexname <> 'Task_pkey'`,
  );
  for (const { indexname } of rows) await client.query(`DROP INDEX "${indexname}"`);
  return rows.map(({ indexdef }) => indexdef);
}

const SYLLABLES = 'ka lo mir ven tas ø rú bel gra ín dor sha mé pol qui ter wan æx nó hul'.split(' ');
const FREQUENT = ['The', 'Night', 'Love', 'of', 'in', 'Déjà', 'Blue', 'Motörhead', 'Song', 'Rós'];

/** Frequent words first: a title takes low numbers far more often than high ones. */
async function writeWords(client: pg.Client): Promise<void> {
  const made = SYLLABLES.flatMap((a) => SYLLABLES.flatMap((b) => SYLLABLES.map((c) => a + b + c)));
  const words = [...FREQUENT, ...made.map((word) => word.charAt(0).toUpperCase() + word.slice(1))];
  await client.query(
    'CREATE TEMP TABLE word ("n" INT PRIMARY KEY, "shown" TEXT, "plain" TEXT) ON COMMIT DROP',
  );
  await client.query(
    'INSERT INTO word SELECT n - 1, shown, plain FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (shown, plain, n)',
    [words, words.map(normalizeText)],
  );
  await client.query('CREATE TEMP TABLE special ("word" TEXT, "shown" TEXT, "plain" TEXT) ON COMMIT DROP');
  for (const [word, shown] of Object.entries(WORDS)) {
    await client.query('INSERT INTO special VALUES ($1, $2, $3)', [word, shown, normalizeText(shown)]);
  }
  await client.query('ANALYZE word, special');
  await client.query('SELECT setseed(0.5)');
}

/** A random word's number; few are frequent. */
const ANY_WORD = '(random() ^ 3 * (SELECT count(*) - 1 FROM word))::int';

/** What is written of each: an id and a time in one order, then what it is and how it went. */
const COLUMNS = `"id", "kind", "state", "ownerId", "parentId", "position", "itemId", "title", "artists", "album",
  "searchText", "item", "options", "attempt", "progress", "total", "succeeded", "failed", "errorCode", "errorMessage",
  "errorRetryable", "filePath", "fileFormat", "fileBitrateKbps", "fileSizeBytes", "fileDurationMs", "fileSource",
  "fileLicence", "expandedAt", "createdAt", "startedAt", "finishedAt", "updatedAt", "sequence"`;

const uuidOf = (prefix: string, n: string) =>
  `('01900000-0000-7${prefix}-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;

const trackJson = (id: string, row: string) => `jsonb_build_object(
  'type', 'TRACK', 'id', ${id}, 'title', ${row}.title, 'durationMs', 180000 + ${row}.dice * 1000, 'explicit', false,
  'artists', jsonb_build_array(jsonb_build_object('id', 'demo:artist-' || ${row}.w3, 'name', ${row}.artist)),
  'trackNumber', 1 + ${row}.dice % 12, 'discNumber', 1, 'isrc', 'ZZZZZ' || lpad(${row}.n::text, 7, '0'),
  'genres', jsonb_build_array('Rock'), 'url', NULL,
  'album', ${albumJson(`${row}.albumtitle`, row)})`;

function albumJson(title: string, row: string): string {
  return `jsonb_build_object(
  'type', 'ALBUM', 'id', 'demo:album-' || ${row}.w4, 'title', ${title}, 'group', 'ALBUM',
  'artists', jsonb_build_array(jsonb_build_object('id', 'demo:artist-' || ${row}.w3, 'name', ${row}.artist)),
  'releaseDate', '2001-02-03', 'trackTotal', 12, 'discTotal', 1, 'upc', NULL, 'label', 'Bench Records',
  'copyright', NULL, 'genres', jsonb_build_array('Rock'), 'url', NULL, 'images', jsonb_build_array(
    jsonb_build_object('url', 'https://img.example/' || ${row}.w4 || '.jpg', 'widthPx', 640, 'heightPx', 640)))`;
}

const FILE = (row: string) => `
  CASE WHEN ${row}.made THEN '/music/' || ${row}.artist || '/' || ${row}.title || '.mp3' END,
  CASE WHEN ${row}.made THEN 'MP3' END, CASE WHEN ${row}.made THEN 320 END,
  CASE WHEN ${row}.made THEN 4000000 + ${row}.dice * 10000 END,
  CASE WHEN ${row}.made THEN 180000 + ${row}.dice * 1000 END,
  CASE WHEN ${row}.made THEN 'demo' END, CASE WHEN ${row}.made THEN 'CC0' END`;

const ENDED_AS = `CASE WHEN dice < 80 THEN 'COMPLETED' WHEN dice < 88 THEN 'FAILED' WHEN dice < 96 THEN 'SKIPPED'
  ELSE 'CANCELLED' END`;

/** $1 how many, $2 every so-manyeth a list, $3 of so many parts, $4 so many live. */
const TOP_LEVEL = `
  WITH thrown AS MATERIALIZED (
    SELECT n, $2::int > 0 AND n % greatest($2::int, 1) = 0 AS is_list, (random() * 99)::int AS dice,
      ${ANY_WORD} AS w1, ${ANY_WORD} AS w2, ${ANY_WORD} AS w3, ${ANY_WORD} AS w4,
      n > $1::int - $4::int AS live, now() - ($1::int - n) * interval '1 minute' AS at
    FROM generate_series(1, $1::int) n
  ), named AS (
    SELECT t.*, concat_ws(' ', a.shown, b.shown, s.shown) AS title, c.shown || ' ' || d.shown AS artist,
      d.shown || ' ' || a.shown AS albumtitle, concat_ws(' ', a.plain, b.plain, s.plain) AS plaintitle,
      c.plain || ' ' || d.plain AS plainartist, d.plain || ' ' || a.plain AS plainalbum
    FROM thrown t JOIN word a ON a.n = w1 JOIN word b ON b.n = w2 JOIN word c ON c.n = w3 JOIN word d ON d.n = w4
    LEFT JOIN special s ON s.word = CASE WHEN t.n % 100000 = 50 THEN 'rare' WHEN t.n % 4 = 0 THEN 'common' END
  ), row AS (
    SELECT *, CASE WHEN NOT is_list THEN 'TRACK' WHEN dice < 60 THEN 'ALBUM' WHEN dice < 90 THEN 'PLAYLIST'
        ELSE 'ARTIST' END AS kind,
      CASE WHEN NOT live THEN ${ENDED_AS} WHEN n % 3 = 0 THEN 'RUNNING' ELSE 'QUEUED' END AS state,
      NOT live AND NOT is_list AND dice < 80 AS made
    FROM named
  )
  INSERT INTO "Task" (${COLUMNS})
  SELECT ${uuidOf('000', 'n')}, kind::"TaskKind", state::"TaskState",
    CASE WHEN dice < 60 THEN '00000000-0000-4000-8000-000000000001'
      ELSE '00000000-0000-4000-9000-00000000000' || 1 + dice % 4 END::uuid,
    NULL, NULL, 'demo:' || lower(kind) || '-' || n, title, ARRAY[artist],
    CASE WHEN kind = 'TRACK' THEN albumtitle END,
    ' ' || plaintitle || ' ' || plainartist || CASE WHEN kind = 'TRACK' THEN ' ' || plainalbum ELSE '' END,
    CASE kind WHEN 'TRACK' THEN ${trackJson(`'demo:track-' || n`, 'row')}
      WHEN 'ALBUM' THEN ${albumJson('title', 'row')} || jsonb_build_object('id', 'demo:album-' || n)
      WHEN 'PLAYLIST' THEN jsonb_build_object('type', 'PLAYLIST', 'id', 'demo:playlist-' || n, 'title', title,
        'description', NULL, 'owner', jsonb_build_object('id', 'demo:artist-' || w3, 'name', artist),
        'total', $3::int, 'revision', NULL, 'images', '[]'::jsonb, 'url', NULL)
      ELSE jsonb_build_object('type', 'ARTIST', 'id', 'demo:artist-' || n, 'name', title, 'genres', '[]'::jsonb,
        'images', '[]'::jsonb, 'url', NULL) END,
    '{"format": "KEEP", "bitrateKbps": null}', CASE WHEN state = 'QUEUED' THEN 0 ELSE 1 END,
    CASE WHEN state = 'RUNNING' THEN dice WHEN state IN ('COMPLETED', 'SKIPPED') THEN 100 ELSE 0 END,
    CASE WHEN is_list AND NOT live THEN $3::int ELSE 0 END,
    CASE WHEN is_list AND state = 'COMPLETED' THEN $3::int - (dice % 5 = 0)::int ELSE 0 END,
    CASE WHEN is_list AND state = 'FAILED' THEN $3::int
      WHEN is_list AND state = 'COMPLETED' THEN (dice % 5 = 0)::int ELSE 0 END,
    CASE WHEN state = 'FAILED' THEN 'NO_SOURCE' END, CASE WHEN state = 'FAILED' THEN 'No source has it.' END,
    CASE WHEN state = 'FAILED' THEN false END, ${FILE('row')},
    CASE WHEN is_list AND NOT live THEN at END, at, CASE WHEN state <> 'QUEUED' THEN at END,
    CASE WHEN NOT live THEN at + interval '30 seconds' END,
    CASE WHEN live THEN at ELSE at + interval '30 seconds' END, pg_current_xact_id()::text::bigint
  FROM row`;

/** The parts of every list that has ended: they went as the list did, but for one of a list that is partial. */
const PARTS = `
  WITH row AS (
    SELECT list.*, list."id" AS "listId", place, list."title" || ' ' || place AS parttitle,
      list."failed" > 0 AND (list."succeeded" = 0 OR place = 0) AS broken
    FROM "Task" list CROSS JOIN LATERAL generate_series(0, list."total" - 1) AS part (place)
    WHERE list."parentId" IS NULL AND list."total" > 0
  )
  INSERT INTO "Task" (${COLUMNS})
  SELECT gen_random_uuid(), CASE "kind" WHEN 'ARTIST' THEN 'ALBUM' ELSE 'TRACK' END::"TaskKind",
    CASE WHEN broken THEN 'FAILED' ELSE "state"::text END::"TaskState", "ownerId", "listId", row.place,
    'demo:part-' || "itemId" || '-' || row.place, parttitle, "artists", "title",
    "searchText" || ' ' || row.place,
    jsonb_build_object('type', CASE "kind" WHEN 'ARTIST' THEN 'ALBUM' ELSE 'TRACK' END,
      'id', 'demo:part-' || "itemId" || '-' || row.place, 'title', parttitle, 'artists', '[]'::jsonb,
      'album', NULL, 'durationMs', 200000, 'explicit', false, 'trackNumber', row.place + 1, 'discNumber', 1,
      'isrc', NULL, 'genres', '[]'::jsonb, 'url', NULL, 'group', 'ALBUM', 'releaseDate', NULL, 'trackTotal', 1,
      'discTotal', 1, 'upc', NULL, 'label', NULL, 'copyright', NULL, 'images', '[]'::jsonb),
    "options", 1, 100, 0, 0, 0, CASE WHEN broken THEN 'NO_SOURCE' END,
    CASE WHEN broken THEN 'No source has it.' END, CASE WHEN broken THEN false END, NULL,
    CASE WHEN "state" = 'COMPLETED' AND NOT broken THEN 'MP3' END, NULL, NULL,
    CASE WHEN "state" = 'COMPLETED' AND NOT broken THEN 200000 END, NULL, NULL,
    NULL, "createdAt", "startedAt", "finishedAt", "updatedAt", "sequence"
  FROM row`;

/** As migration 0003_task_counts made them of the tasks that were there. */
const COUNTS = `
  INSERT INTO "TaskCount" ("ownerId", "kind", "state", "topLevel", "dismissed", "begun", "partial", "n", "folded")
  SELECT "ownerId", "kind", "state", "parentId" IS NULL, "dismissedAt" IS NOT NULL, "startedAt" IS NOT NULL,
    "state" = 'COMPLETED' AND "failed" + "cancelled" > 0, count(*), true
  FROM "Task" GROUP BY 1, 2, 3, 4, 5, 6, 7`;
