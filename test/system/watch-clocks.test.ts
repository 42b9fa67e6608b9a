import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { queueDueChecksJob } from '../../src/watches/queue-checks.job.js';
import { never } from '../kit/audio.js';
import { createChangingCatalog, type ChangingCatalog } from '../kit/changing-list.js';
import { withClockAhead } from '../kit/child-programs.js';
import { createTestDatabase, runOn, type TestDatabase } from '../kit/database.js';
import { startServer } from '../kit/server-process.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended } from '../kit/story.js';
import { waitFor } from '../kit/wait-for.js';
import { check, checked, firstChecked, seen, turnOnWatching, updateWatch, watch } from '../kit/watches.js';

const LIST = 'stub:list';
const HOUR_MS = 3_600_000;
const LONG_MS = 90_000;

/** A database whose clock is the server's and a shift: all our statements call `now()`. */
async function createDatabaseWithClock(): Promise<TestDatabase & { shift(by: string): Promise<void> }> {
  const database = await createTestDatabase();
  const name = new URL(database.url).pathname.slice(1);
  await runOn(
    database.url,
    `CREATE SCHEMA clock;
     CREATE TABLE clock.shift AS SELECT interval '0' AS by;
     CREATE FUNCTION clock.now() RETURNS timestamptz STABLE LANGUAGE sql AS
       'SELECT pg_catalog.now() + by FROM clock.shift';
     ALTER DATABASE ${name} SET search_path = public, clock, pg_catalog`,
  );
  return { ...database, shift: (by) => runOn(database.url, `UPDATE clock.shift SET by = '${by}'`) };
}

describe('the clock of the database', () => {
  let database: Awaited<ReturnType<typeof createDatabaseWithClock>>;
  let catalog: ChangingCatalog;
  let app: TestApp;
  beforeEach(async () => {
    database = await createDatabaseWithClock();
    catalog = createChangingCatalog();
    app = await startApp({
      database,
      overrides: { catalogs: [catalog.source], settings: { maxRetries: 0 }, timing: { stopGraceMs: 100 } },
    });
    await turnOnWatching(app, { retryFailedAfterSeconds: 600 });
  });
  afterEach(async () => {
    await app?.stop();
    await database?.drop();
  });

  const queueDue = () => queueDueChecksJob.run(app.deps, {}, { signal: never });
  const countChecks = () => app.deps.db.task.count({ where: { kind: 'WATCH_CHECK' } });
  /** By the database's clock. */
  const secondsToNext = async () => {
    const [row] = await app.deps.db.$queryRaw<{ seconds: number }[]>`
      SELECT extract(epoch FROM "nextCheckAt" - now())::float8 AS seconds FROM "Watch"`;
    return row?.seconds ?? NaN;
  };
  async function expectNextInAnHour() {
    const seconds = await secondsToNext();
    expect(seconds).toBeGreaterThan(0.85 * 3_600);
    expect(seconds).toBeLessThan(1.15 * 3_600);
  }

  it('jumps forwards: what is due then is checked once', async () => {
    catalog.set(['stub:one']);
    const { id } = await watch(app, { item: LIST });
    await firstChecked(app, id);
    await queueDue();
    const before = await countChecks();
    await database.shift('3 days');
    await queueDue();
    await queueDue();
    expect(await countChecks()).toBe(before + 1);
    expect((await checked(app, id)).watch).toMatchObject({ outcome: 'UNCHANGED', failedChecks: 0 });
    await expectNextInAnHour();
  });

  it('jumps backwards: no check is put off by more than a day', async () => {
    await database.shift('1 year');
    catalog.set(['stub:one']);
    const { id } = await watch(app, { item: LIST });
    await firstChecked(app, id);
    const before = await countChecks();
    await database.shift('0');
    await queueDue();
    expect(await countChecks()).toBe(before + 1);
    await checked(app, id);
    await expectNextInAnHour();
    // An hour back: later than it would be, but soon.
    await database.shift('-1 hour');
    await queueDue();
    expect(await secondsToNext()).toBeLessThan(2.15 * 3_600);
  });

  it('jumps backwards: a download that failed is tried again', async () => {
    await database.shift('1 year');
    catalog.set(['stub:one']);
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    expect((await firstChecked(app, id)).watch).toMatchObject({ outcome: 'FOUND', counts: { failed: 1 } });
    await database.shift('0');
    expect((await checked(app, id)).watch).toMatchObject({ outcome: 'FOUND', counts: { failed: 1 } });
    expect(await app.deps.db.task.count({ where: { kind: 'TRACK' } })).toBe(2);
    // From now on as usual.
    expect((await checked(app, id)).watch).toMatchObject({ outcome: 'UNCHANGED' });
    await database.shift('21 minutes');
    expect((await checked(app, id)).watch).toMatchObject({ outcome: 'FOUND' });
  });

  it.each(['1 day', '-1 day'])('jumps by %s while a list is read: it is recorded once', async (by) => {
    await turnOnWatching(app, { pageSize: 1 });
    const ids = ['stub:one', 'stub:two', 'stub:three'];
    catalog.set(ids);
    let jumps = 0;
    catalog.beforePage(async (offset) => {
      if (offset === 1 && jumps++ === 0) await database.shift(by);
    });
    const { id } = await watch(app, { item: LIST, downloadExisting: true });
    const { checkTask } = await seen(app, id);
    expect(await ended(app, checkTask?.id ?? '', LONG_MS)).toMatchObject({ childCount: 3, failedCount: 3 });
    expect((await checked(app, id)).watch).toMatchObject({ failedChecks: 0, counts: { total: 3 } });
    expect(await app.deps.db.task.count({ where: { kind: 'TRACK' } })).toBe(3);
    await expectNextInAnHour();
  });
});

describe('the clock of a server', () => {
  it.each([HOUR_MS, -HOUR_MS, 1000 * HOUR_MS])(
    'is %i ms ahead: what is added or changed is due at once all the same',
    async (aheadMs) => {
      const database = await createTestDatabase();
      onTestFinished(() => database.drop());
      const app = await startApp({ database, env: { role: 'api' } });
      onTestFinished(() => app.stop());
      const server = await startServer({
        ...(withClockAhead(aheadMs) as Record<string, string>),
        DATABASE_URL: database.url,
        DOWNLOAD_DIR: app.env.downloadDir,
      });
      onTestFinished(async () => void (await server.end('SIGKILL')));
      const isDue = async () => {
        const due = await app.deps.db.$queryRaw<object[]>`SELECT FROM "Watch" WHERE "nextCheckAt" <= now()`;
        return due.length === 1;
      };
      // While watching is off, nothing but that says so.
      const { id } = await watch(server, { item: 'demo:first-watch' });
      expect(await isDue()).toBe(true);
      await app.deps.db.$executeRaw`UPDATE "Watch" SET "nextCheckAt" = now() + interval '1 hour'`;
      await updateWatch(server, { id, paused: false });
      expect(await isDue()).toBe(true);
      await turnOnWatching(app);
      const task = await waitFor(() => check(server, id), { what: 'the setting to reach the server' });
      expect(await ended(app, task, LONG_MS)).toMatchObject({ state: 'COMPLETED' });
      expect(await isDue()).toBe(false);
    },
  );
});
