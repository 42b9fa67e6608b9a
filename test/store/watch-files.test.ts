import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { createLogger, type Logger } from '../../src/lib/logger.js';
import { keepWatchFilesJob, keepWatchFilesOnEvent } from '../../src/watch-files/keep-files.job.js';
import { listChangedWatches, noteFiles } from '../../src/watches/watch-file-store.js';
import { leastOf } from '../kit/least.js';
import { never } from '../kit/audio.js';
import { stallStatements } from '../kit/stalled-statements.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';
import { databaseUrlOf } from '../system/join-app.js';

let app: TestApp;
const start = async () => {
  app = await startApp({ env: { role: 'api' } });
};
afterEach(() => app?.stop());

interface Seed {
  title: string;
  count: number;
  /** Kind of the task whose children the members' downloads are. */
  from?: 'PLAYLIST' | 'WATCH_CHECK';
  leaving?: boolean;
}

/** A watch of a playlist whose items are all downloaded; its id. */
async function seedWatch({ title, count, from = 'PLAYLIST', leaving = false }: Seed): Promise<string> {
  const { db } = app.deps;
  const itemId = `stub:${title}`;
  const { id } = await db.watch.create({
    data: {
      ...{ kind: 'PLAYLIST', ownerId: SYSTEM_VIEWER.id, itemId, title, item: {}, removeFiles: leaving },
      ...{ downloadExisting: true, downloadNew: true, nextCheckAt: new Date('2100-01-01') },
    },
  });
  await db.$executeRaw`
    WITH parent AS (
      INSERT INTO "Task" ("id", "kind", "state", "ownerId", "itemId", "title", "artists", "item", "options", "finishedAt",
        "total", "succeeded")
      VALUES (gen_random_uuid(), ${from}::"TaskKind", 'COMPLETED', ${SYSTEM_VIEWER.id}::uuid, ${itemId}, ${title}, '{}',
        '{}', '{}', now(), ${count}, ${count})
      RETURNING "id", "ownerId"
    ), track AS (
      INSERT INTO "Task" ("id", "kind", "state", "ownerId", "parentId", "position", "itemId", "title", "artists", "item",
        "options", "finishedAt", "filePath", "fileSizeBytes")
      SELECT gen_random_uuid(), 'TRACK', 'COMPLETED', parent."ownerId", parent."id", n, ${itemId} || '-' || n, 'Track ' || n,
        '{}', '{}', '{}', now(), ${fileOf(title, '')} || n || '.ogg', 1
      FROM parent, generate_series(1, ${count}::int) n
      RETURNING "id", "itemId", "title", "position"
    )
    INSERT INTO "WatchMember" ("watchId", "itemId", "title", "positions", "origin", "state", "taskId", "removedAt",
      "leavesAt")
    SELECT ${id}::uuid, "itemId", "title", ARRAY["position"], 'FIRST', 'KNOWN', "id", moment, moment
    FROM track, (SELECT CASE WHEN ${leaving} THEN now() END AS moment) AS leaving`;
  return id;
}

const fileOf = (title: string, number: number | string) =>
  join(app.env.downloadDir, title, `Track ${number}`);

async function makeFiles(title: string, count: number): Promise<void> {
  await mkdir(join(app.env.downloadDir, title));
  for (let number = 1; number <= count; number++) await writeFile(`${fileOf(title, number)}.ogg`, 'x');
}

/** A logger whose messages can be read. */
function createKeptLog(): { log: Logger; messages: () => { msg: string; path?: string }[] } {
  const lines: string[] = [];
  const log = createLogger('debug', undefined, { write: (line) => void lines.push(line) });
  return { log, messages: () => lines.map((line) => JSON.parse(line) as { msg: string; path?: string }) };
}

const MOVED = 'file moved to the trash';
const runJob = (own: object = {}) => keepWatchFilesJob.run({ ...app.deps, ...own }, {}, { signal: never });
const trashed = async (title: string) =>
  (await readdir(join(app.env.downloadDir, '.reprise-trash', title)).catch(() => [])).length;

describe('a large watched list', () => {
  it.each(['with', 'without'])('is noted in time that grows with its members, %s statistics', async (how) => {
    await start();
    const { db } = app.deps;
    const small = await seedWatch({ title: 'small', count: 400 });
    const large = await seedWatch({ title: 'large', count: 4_000 });
    if (how === 'with') await db.$executeRaw`ANALYZE`;
    const timeOf = async (watchId: string) => {
      const startedAt = performance.now();
      await noteFiles(db, watchId);
      return performance.now() - startedAt;
    };
    await timeOf(small);
    const ratio = await leastOf(30, async () => {
      const least = Math.max(await timeOf(small), 5);
      return (await timeOf(large)) / least;
    });
    expect(await db.watchFile.count({ where: { watchId: large } })).toBe(4_000);
    expect(ratio).toBeLessThan(30);
  });

  it('has no problem with its files when the database takes too long', async () => {
    await start();
    const { db } = app.deps;
    await makeFiles('list', 1);
    const id = await seedWatch({ title: 'list', count: 1 });
    const stalled = await stallStatements(databaseUrlOf(app), { at: ['INSERT', 'WatchFile'] });
    const { log, messages } = createKeptLog();
    const run = runJob({ log });
    await stalled.reached();
    // As its time limit does.
    await db.$executeRaw`
      SELECT pg_cancel_backend(pid) FROM pg_stat_activity
      WHERE "datname" = current_database() AND "wait_event" = 'advisory'`;
    await run;
    expect(messages().map(({ msg }) => msg)).toContain('files of a watch took the database too long');
    expect((await db.watch.findUniqueOrThrow({ where: { id } })).fileProblem).toBeNull();
    await stalled.release();
    await runJob();
    const { playlistFile } = await db.watch.findUniqueOrThrow({ where: { id } });
    expect(await readFile(playlistFile ?? '', 'utf8')).toContain('Track 1.ogg');
  });
});

describe('many files on their way to the trash', () => {
  const COUNT = 90;
  const seedLeaving = async () => {
    await start();
    await makeFiles('old', COUNT);
    await seedWatch({ title: 'old', count: COUNT, from: 'WATCH_CHECK', leaving: true });
  };

  it('are noted once each, not once for each that leaves', async () => {
    await seedLeaving();
    const { db } = app.deps;
    await db.$executeRaw`CREATE TABLE noted (path text)`;
    await db.$executeRaw`
      CREATE FUNCTION count_noted() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO noted VALUES (NEW."path"); RETURN NEW; END $$`;
    await db.$executeRaw`
      CREATE TRIGGER count_noted BEFORE INSERT ON "WatchFile" FOR EACH ROW EXECUTE FUNCTION count_noted()`;
    await runJob();
    expect(await trashed('old')).toBe(COUNT);
    const [counted] = await db.$queryRaw<{ n: number }[]>`SELECT count(*)::int AS n FROM noted`;
    expect(counted?.n).toBeLessThanOrEqual(3 * COUNT);
  });

  it('that cannot be moved do not keep the list of another watch waiting, however many they are', async () => {
    await start();
    const { db } = app.deps;
    await db.$executeRaw`
      INSERT INTO "Watch" ("id", "kind", "ownerId", "itemId", "title", "item", "nextCheckAt", "fileProblem", "downloadExisting", "downloadNew")
      SELECT gen_random_uuid(), 'PLAYLIST', ${SYSTEM_VIEWER.id}::uuid, 'stub:' || n, 'stuck ' || n, '{}', '2100-01-01', 'full', true, true
      FROM generate_series(1, 150) AS n`;
    await makeFiles('last', 1);
    const id = await seedWatch({ title: 'last', count: 1 });
    const changed = await listChangedWatches(db, { timed: true, limit: 100 });
    expect(changed[0]).toEqual({ id });
    expect(changed).toHaveLength(100);
  });

  it('do not keep the list of another watch waiting', async () => {
    await seedLeaving();
    const { db } = app.deps;
    await makeFiles('other', 1);
    const id = await seedWatch({ title: 'other', count: 1 });
    const { log, messages } = createKeptLog();
    const run = runJob({ log });
    await waitFor(() => messages().some(({ msg }) => msg === MOVED), { what: 'the first file to be moved' });
    await db.watch.update({ where: { id }, data: { title: 'renamed' } });
    await run;
    const all = messages();
    const written = all.findIndex(({ path }) => path?.endsWith('renamed.m3u8'));
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(all.findLastIndex(({ msg }) => msg === MOVED));
  });

  it('let a worker stop after the one that is being moved', async () => {
    await seedLeaving();
    const { log, messages } = createKeptLog();
    const moved = () => messages().filter(({ msg }) => msg === MOVED).length;
    const stop = keepWatchFilesOnEvent({ ...app.deps, log });
    await waitFor(() => moved() > 0, { what: 'the first file to be moved' });
    const before = moved();
    await stop();
    expect(moved() - before).toBeLessThanOrEqual(2);
    expect(await trashed('old')).toBe(moved());
    await runJob();
    expect(await trashed('old')).toBe(COUNT);
  });
});
