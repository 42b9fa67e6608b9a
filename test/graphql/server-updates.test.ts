import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type {
  LibraryUpdatesSubscription,
  SettingsUpdatesSubscription,
} from '../../src/generated/documents/graphql.js';
import { ask } from '../kit/ask.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { followTasks, followUpdates } from '../kit/follow-tasks.js';
import { seedTasks, waitForSequence } from '../kit/seed-tasks.js';
import { serveOwnUser } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { waitFor } from '../kit/wait-for.js';

const SETTINGS_UPDATES = graphql(`
  subscription SettingsUpdates($since: String) {
    settingsUpdates(since: $since) {
      sequence
      initial
      settings {
        __typename
        ... on Settings {
          id
          maxRetries
        }
        ... on WatchSettings {
          id
          pageSize
        }
      }
    }
  }
`);

const LIBRARY_UPDATES = graphql(`
  subscription LibraryUpdates($since: String) {
    libraryUpdates(since: $since) {
      sequence
      initial
      scan {
        startedAt
        finishedAt
        fileCount
        problemCount
      }
      library {
        id
        lastScan {
          problemCount
        }
      }
    }
  }
`);

const CHANGE = graphql(`
  mutation ChangeRetries($maxRetries: Int!) {
    updateSettings(input: { maxRetries: $maxRetries }) {
      __typename
    }
  }
`);

const CHANGE_WATCHES = graphql(`
  mutation ChangePageSize($pageSize: Int!) {
    updateWatchSettings(input: { pageSize: $pageSize }) {
      __typename
    }
  }
`);

const SCAN_NOW = graphql(`
  mutation ScanNow {
    scanLibrary {
      __typename
    }
  }
`);

let database: TestDatabase;
let app: TestApp;
let other: TestApp;
beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp({ database, env: { role: 'api' } });
  other = await startApp({ database, env: { role: 'api' } });
});
afterAll(async () => {
  await app?.stop();
  await other?.stop();
  await database?.drop();
});

/** Follows a subscription for the rest of the test. */
function follow<Data extends object>(from: TestApp, document: { toString(): string }, since?: string) {
  const updateOf = (data: Data) => data;
  const followed = followUpdates(from, { document, variables: { since }, updateOf });
  onTestFinished(() => followed.stop());
  return followed;
}

function followSettings({ from = app, since }: { from?: TestApp; since?: string } = {}) {
  const followed = follow<SettingsUpdatesSubscription>(from, SETTINGS_UPDATES, since);
  const all = () => followed.updates.map(({ settingsUpdates }) => settingsUpdates);
  const shown = () => [
    ...new Set(
      all().map(({ initial, settings }) => {
        const value = settings.__typename === 'Settings' ? settings.maxRetries : settings.pageSize;
        return `${initial ? 'was' : 'is'} ${settings.id} ${value}`;
      }),
    ),
  ];
  const until = (text: string) =>
    waitFor(() => shown().includes(text), { what: `${text} in ${shown().join()}` });
  return { stop: followed.stop, all, shown, until };
}

/** Until a new reader is not shown the last change once more. */
const changesArePast = async () => {
  const { db } = app.deps;
  const { _max } = await db.settingsVersion.aggregate({ _max: { sequence: true } });
  await waitForSequence(app, _max.sequence);
};

const readersOf = ({ deps }: TestApp, count: number) =>
  waitFor(() => deps.settingsFeed.readerCount() === count, { what: `${count} readers` });

describe('settingsUpdates', () => {
  it('starts with the settings in force, then reports changes of either, to every user', async () => {
    await app.execute(CHANGE, { maxRetries: 11 });
    const { own: theirs } = await serveOwnUser(app);
    const reader = followSettings({ from: theirs });
    await reader.until('was Settings:server 11');
    await reader.until('was WatchSettings:server 50');
    await app.execute(CHANGE, { maxRetries: 12 });
    await reader.until('is Settings:server 12');
    await app.execute(CHANGE_WATCHES, { pageSize: 20 });
    await reader.until('is WatchSettings:server 20');
    expect(reader.all().filter(({ initial }) => !initial)).toHaveLength(2);
  });

  it('reports what another process changed', async () => {
    const reader = followSettings({ from: other });
    await reader.until('was WatchSettings:server 20');
    await app.execute(CHANGE, { maxRetries: 21 });
    await reader.until('is Settings:server 21');
  });

  it('resumes: without a snapshot when nothing changed, and with all that did', async () => {
    await app.execute(CHANGE, { maxRetries: 31 });
    await changesArePast();
    const first = followSettings();
    await first.until('was Settings:server 31');
    const since = first.all().at(-1)?.sequence ?? '';
    first.stop();
    await readersOf(app, 0);

    const second = followSettings({ since });
    await readersOf(app, 1);
    await app.execute(CHANGE, { maxRetries: 32 });
    await second.until('is Settings:server 32');
    expect(second.shown()).toEqual(['is Settings:server 32']);
    const third = followSettings({ since });
    await third.until('was Settings:server 32');
    expect(third.shown()).toEqual(['was Settings:server 32']);
  });

  it('resumes without missing a change that began earlier and was committed later', async () => {
    const late = new pg.Client({ connectionString: database.url });
    await late.connect();
    onTestFinished(() => late.end());
    await late.query('BEGIN');
    await late.query(
      `INSERT INTO "SettingsVersion" ("section", "document") VALUES ('DOWNLOADS', '{"maxRetries": 41}')`,
    );
    await app.deps.db
      .$executeRaw`INSERT INTO "SettingsVersion" ("section", "document") VALUES ('WATCHES', '{"pageSize": 41}')`;
    const before = followSettings();
    await before.until('was WatchSettings:server 41');
    const since = before.all().at(-1)?.sequence ?? '';
    before.stop();
    await late.query('COMMIT');
    await followSettings({ since }).until('was Settings:server 41');
  });

  it('resumes from a cursor of taskUpdates', async () => {
    await app.execute(CHANGE, { maxRetries: 51 });
    await changesArePast();
    await seedTasks(app, [{ title: 'a task that gives a cursor' }]);
    const tasks = followTasks(app, {});
    const { sequence: since } = await waitFor(
      () => tasks.updates.find(({ task }) => task.title === 'a task that gives a cursor'),
      { what: 'the task' },
    );
    tasks.stop();
    await readersOf(app, 0);
    const reader = followSettings({ since });
    await readersOf(app, 1);
    await app.execute(CHANGE_WATCHES, { pageSize: 5 });
    await reader.until('is WatchSettings:server 5');
    expect(reader.shown()).toEqual(['is WatchSettings:server 5']);
  });

  it('gives equal readers one object, so that it is executed once', async () => {
    const { settingsFeed } = app.deps;
    await changesArePast();
    const readers = await Promise.all([settingsFeed.subscribe(null), settingsFeed.subscribe(null)]);
    onTestFinished(async () => {
      for (const reader of readers) await reader.return?.();
    });
    const nextOf = () => Promise.all(readers.map(async (reader) => (await reader.next()).value as object));
    for (let n = 0; n < 2; n += 1) {
      const [one, two] = await nextOf();
      expect(one).toBe(two);
    }
    const coming = nextOf();
    await app.execute(CHANGE, { maxRetries: 61 });
    const [one, two] = await coming;
    expect(one).toMatchObject({ initial: false, row: { values: { maxRetries: 61 } } });
    expect(one).toBe(two);
  });

  it('goes over server-sent events too, and ends when the reader leaves', async () => {
    await readersOf(app, 0);
    const leaving = new AbortController();
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: SETTINGS_UPDATES.toString() }),
      signal: leaving.signal,
    });
    const chunks = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    await waitFor(async () => (text += (await chunks?.read())?.value ?? '').includes('"initial":true'), {
      what: 'the first event',
    });
    await readersOf(app, 1);
    leaving.abort();
    await readersOf(app, 0);
  });
});

describe('a cursor that this server has not reached', () => {
  it.each([
    [SETTINGS_UPDATES, 'settingsUpdates'],
    [LIBRARY_UPDATES, 'libraryUpdates'],
  ] as const)('is refused with the remedy by %#', async (document, path) => {
    const problemOf = async (since: string) => {
      const reader = follow(app, document, since);
      const ended = await waitFor(() => reader.ended, { what: `${path} to refuse ${since}` });
      return ended.error;
    };
    expect(await problemOf('4000000000000000000')).toMatch(
      /which this server has not reached.*Subscribe without.*INVALID_INPUT/,
    );
    for (const since of ['soon', '']) {
      expect(await problemOf(since)).toMatch(/is not a sequence.*INVALID_INPUT/);
    }
  });
});

describe('libraryUpdates', () => {
  it('reports when a scan starts and what it found, also in another process', async () => {
    const own = await createTestDatabase();
    onTestFinished(() => own.drop());
    const music = await mkdtemp(join(tmpdir(), 'reprise-library-'));
    onTestFinished(() => rm(music, { recursive: true, force: true }));
    const env = { libraryDirs: [music] };
    const api = await startApp({ database: own, env: { ...env, role: 'api' } });
    onTestFinished(() => api.stop());
    const reader = follow<LibraryUpdatesSubscription>(api, LIBRARY_UPDATES);
    const all = () => reader.updates.map(({ libraryUpdates }) => libraryUpdates);
    await waitFor(() => all().length > 0, { what: 'the first state' });
    expect(all()[0]).toMatchObject({ initial: true, scan: null, library: { id: 'Library:server' } });

    await writeFile(join(music, 'broken.mp3'), 'no music');
    const worker = await startApp({ database: own, env: { ...env, role: 'worker' } });
    onTestFinished(() => worker.stop());
    expect((await ask(api, SCAN_NOW)).data).toEqual({
      scanLibrary: { __typename: 'LibraryScanRequested' },
    });
    const finished = await waitFor(
      () => all().find(({ scan }) => scan?.finishedAt && scan.problemCount === 1),
      { timeoutMs: 60_000, what: 'a scan to find the broken file' },
    );
    expect(finished).toMatchObject({
      initial: false,
      scan: { fileCount: 0 },
      library: { lastScan: { problemCount: 1 } },
    });
    expect(all().some(({ scan }) => scan && scan.finishedAt === null)).toBe(true);
  });
});
