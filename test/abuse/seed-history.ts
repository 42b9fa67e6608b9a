import pg from 'pg';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';

interface SeedPlan {
  finished: number;
  active: number;
  /** A server with workers would run those that are queued. */
  activeState?: 'QUEUED' | 'PAUSED';
}

/** Words of every title, to search for. */
export const COMMON_WORDS = 'the night love of in blue';

/** Tracks a second apart. Triggers and indexes are put off, and made up for in the end. */
export async function seedHistory(
  url: string,
  { finished, active, activeState = 'QUEUED' }: SeedPlan,
): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN; ALTER TABLE "Task" DISABLE TRIGGER USER');
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
     WHERE tablename = 'Task' AND indexname <> 'Task_pkey'`,
  );
  for (const { name } of rows) await client.query(`DROP INDEX "${name}"`);
  await client.query(TASKS, [finished + active, finished, SYSTEM_VIEWER.id, COMMON_WORDS, activeState]);
  await client.query(COUNTS);
  await client.query("SET LOCAL maintenance_work_mem = '256MB'");
  for (const { definition } of rows) await client.query(definition);
  await client.query('ALTER TABLE "Task" ENABLE TRIGGER USER; COMMIT');
  await client.query('ANALYZE "Task", "TaskCount"');
  await client.end();
}

const TASKS = `
  INSERT INTO "Task" ("id", "kind", "state", "ownerId", "itemId", "title", "artists", "searchText", "item", "options",
    "attempt", "progress", "createdAt", "startedAt", "finishedAt", "updatedAt", "sequence")
  SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'TRACK',
    (CASE WHEN n <= $2::int THEN 'COMPLETED' ELSE $5 END)::"TaskState", $3::uuid, 'demo:seed-' || n,
    'Title ' || n, ARRAY['Nobody'], ' ' || $4 || ' title ' || n,
    jsonb_build_object('type', 'TRACK', 'id', 'demo:seed-' || n, 'title', 'Title ' || n, 'durationMs', 1000,
      'artists', jsonb_build_array(jsonb_build_object('id', 'demo:nobody', 'name', 'Nobody')), 'album', NULL,
      'explicit', false, 'trackNumber', NULL, 'discNumber', NULL, 'isrc', NULL, 'genres', '[]'::jsonb, 'url', NULL),
    '{"format": "KEEP", "bitrateKbps": null}', CASE WHEN n <= $2::int THEN 1 ELSE 0 END,
    CASE WHEN n <= $2::int THEN 100 ELSE 0 END, at, CASE WHEN n <= $2::int THEN at END,
    CASE WHEN n <= $2::int THEN at END, at, pg_current_xact_id()::text::bigint
  FROM (SELECT n, now() - ($1::int - n) * interval '1 second' AS at FROM generate_series(1, $1::int) n) AS each`;

/** As its triggers would have counted them. */
const COUNTS = `
  INSERT INTO "TaskCount" ("ownerId", "kind", "state", "topLevel", "dismissed", "begun", "partial", "n", "folded")
  SELECT "ownerId", "kind", "state", true, false, "startedAt" IS NOT NULL, false, count(*), true
  FROM "Task" GROUP BY "ownerId", "kind", "state", "startedAt" IS NOT NULL`;
