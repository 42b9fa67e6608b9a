import { createBenchDatabase } from './bench-database.js';
import { startBuiltServer } from './built-server.js';
import { median, ms, report } from './figures.js';
import { seedTasks } from './seed.js';

const CHILDREN = 10_000;
const REQUESTS = 4;
const MAX_MS = 1_500;

/** The whole list of a playlist's downloads in one response, which existing clients ask for. */
export async function benchChildren(): Promise<void> {
  const database = await createBenchDatabase();
  const { client } = database;
  await seedTasks(client, { topLevel: 1, listEvery: 1, partsPerList: CHILDREN, live: 0 });
  await client.query(AS_PLAYLIST);
  await client.query(AS_MADE);
  const server = await startBuiltServer({ ...database.env, ROLE: 'api' });
  try {
    const { rows } = await client.query<{ id: string }>('SELECT "id" FROM "Task" WHERE "parentId" IS NULL');
    const url = `${server.url}/api/history/${rows[0]?.id}/children`;
    await readAll(url);
    const [wall, cpu]: number[][] = [[], []];
    for (let n = 0; n < REQUESTS; n += 1) {
      const [startedAt, cpuMs] = [performance.now(), server.cpuMs()];
      await readAll(url);
      wall?.push(performance.now() - startedAt);
      cpu?.push(server.cpuMs() - cpuMs);
    }
    const tookMs = median(wall ?? []);
    report(`history: ${CHILDREN} children`, `${ms(tookMs)}, of CPU time ${ms(median(cpu ?? []))}`, {
      ok: tookMs <= MAX_MS,
      budget: `≤ ${MAX_MS / 1000} s`,
    });
  } finally {
    await server.stop();
    await database.drop();
  }
}

async function readAll(url: string): Promise<void> {
  const response = await fetch(url);
  const { track_count: total } = (await response.json()) as { track_count?: number };
  if (total !== CHILDREN) throw new Error(`${url} answered ${response.status} with ${total} children.`);
}

const AS_PLAYLIST = `UPDATE "Task" SET "kind" = 'PLAYLIST', "state" = 'COMPLETED', "item" = jsonb_build_object(
    'type', 'PLAYLIST', 'id', 'demo:list', 'title', 'List', 'description', NULL, 'total', "total", 'revision', NULL,
    'owner', jsonb_build_object('id', 'demo:owner', 'name', 'Owner'), 'images', '[]'::jsonb, 'url', NULL)
  WHERE "parentId" IS NULL`;

const ARTISTS = `jsonb_build_array(jsonb_build_object('id', 'demo:artist', 'name', 'Some Artist'))`;

/** Tracks as catalogs have them, with a file. */
const AS_MADE = `UPDATE "Task" SET "kind" = 'TRACK', "state" = 'COMPLETED', "fileFormat" = 'MP3', "fileBitrateKbps" = 320,
    "filePath" = '/music/Some Artist/Some Album/' || "position" || '.mp3', "fileSizeBytes" = 4000000,
    "fileDurationMs" = 200000, "fileSource" = 'demo', "fileLicence" = 'CC0', "item" = jsonb_build_object(
      'type', 'TRACK', 'id', "itemId", 'title', "title", 'durationMs', 200000, 'explicit', false,
      'artists', ${ARTISTS}, 'trackNumber', 3, 'discNumber', 1, 'isrc', 'ZZZZZ0000001',
      'genres', jsonb_build_array('Rock'), 'url', NULL, 'album', jsonb_build_object(
        'type', 'ALBUM', 'id', 'demo:album', 'title', 'Some Album', 'group', 'ALBUM', 'artists', ${ARTISTS},
        'releaseDate', '2001-02-03', 'trackTotal', 12, 'discTotal', 1, 'upc', NULL, 'label', 'Some Label',
        'copyright', NULL, 'genres', jsonb_build_array('Rock'), 'url', NULL, 'images', jsonb_build_array(
          jsonb_build_object('url', 'https://img.example/1.jpg', 'widthPx', 640, 'heightPx', 640),
          jsonb_build_object('url', 'https://img.example/2.jpg', 'widthPx', 300, 'heightPx', 300))))
  WHERE "parentId" IS NOT NULL`;
