import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maySee } from '../../src/auth/access-rules.js';
import type { Viewer } from '../../src/auth/viewer.js';
import { searchWords } from '../../src/catalog/normalize.js';
import type { HistoryFilter } from '../../src/history/history.js';
import { countHistory, listHistory } from '../../src/history/history-store.js';
import { listActiveTasks } from '../../src/live/live-store.js';
import { toSearchText } from '../../src/tasks/new-task.js';
import { countTasks } from '../../src/tasks/task-count-store.js';
import { matchesFilter, type TaskFilter } from '../../src/tasks/task-filter.js';
import { listActiveFirst, listChangedTasks, listTasks } from '../../src/tasks/task-store.js';
import { isFinished, type Task } from '../../src/tasks/task.js';
import { seedTasks } from '../kit/seed-tasks.js';
import { createUser } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const day = (n: number) => new Date(Date.UTC(2026, 2, n));
const words = (text: string) => ({ words: searchWords(text) });
const ALL = { includeChildren: true, includeDismissed: true };

let app: TestApp;
let ada: Viewer;
let bob: Viewer;
let admin: Viewer;
let ids: Record<string, string> = {};

beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
  [ada, bob, admin] = [await createUser(app), await createUser(app), await createUser(app, 'ADMIN')];
  const failed = { state: 'FAILED' as const, errorCode: 'NO_SOURCE' };
  await seed([
    { title: 'Björk', kind: 'ARTIST', state: 'RUNNING', createdAt: day(1) },
    { title: 'Ænima', kind: 'ALBUM', ...failed, createdAt: day(2), finishedAt: day(5) },
    { title: '100% Up_beat', state: 'COMPLETED', createdAt: day(3), finishedAt: day(6) },
    { title: 'dismissed', ...failed, dismissedAt: day(9), createdAt: day(4), finishedAt: day(9) },
    { title: 'Upstream', state: 'RETRYING', errorCode: 'SOURCE_STALLED', createdAt: day(5) },
    { title: 'of Bob', ownerId: bob.id, ...failed, createdAt: day(6), finishedAt: day(6) },
  ]);
  await seed([
    {
      title: 'Debut',
      kind: 'ALBUM',
      parentId: ids['Björk'] ?? null,
      position: 0,
      state: 'RUNNING',
      createdAt: day(2),
    },
    { title: 'Post', kind: 'ALBUM', parentId: ids['Björk'] ?? null, position: 1, createdAt: day(2) },
    {
      title: 'Stinkfist',
      parentId: ids['Ænima'] ?? null,
      position: 0,
      ...failed,
      createdAt: day(7),
      finishedAt: day(8),
    },
  ]);
  await seed([
    {
      title: 'Venus as a Boy',
      parentId: ids['Debut'] ?? null,
      position: 0,
      state: 'COMPLETED',
      createdAt: day(3),
      finishedAt: day(4),
    },
    { title: 'Human Behaviour', parentId: ids['Debut'] ?? null, position: 1, createdAt: day(3) },
    { title: 'Hyperballad', parentId: ids['Post'] ?? null, position: 0, createdAt: day(3) },
  ]);
}, 60_000);
afterAll(() => app?.stop());

async function seed(seeds: Parameters<typeof seedTasks>[1]): Promise<void> {
  const owned = seeds.map((each) => ({
    ownerId: ada.id,
    startedAt: day(3),
    album: 'Ærlig',
    searchText: toSearchText([each.title ?? '', 'Nobody', 'Ærlig']),
    ...each,
  }));
  const made = await seedTasks(app, owned);
  for (const [index, { title }] of owned.entries()) ids = { ...ids, [title ?? '']: made[index] ?? '' };
}

interface Case {
  what: string;
  filter: () => TaskFilter;
  found: string[];
  viewer?: () => Viewer;
}

const CASES: Case[] = [
  {
    what: 'nothing but what the defaults leave out',
    filter: () => ({}),
    found: ['Björk', 'Ænima', '100% Up_beat', 'Upstream'],
  },
  {
    what: 'states',
    filter: () => ({ ...ALL, states: ['COMPLETED'] }),
    found: ['100% Up_beat', 'Venus as a Boy'],
  },
  { what: 'no state', filter: () => ({ ...ALL, states: [] }), found: [] },
  { what: 'kinds', filter: () => ({ ...ALL, kinds: ['ALBUM'] }), found: ['Ænima', 'Debut', 'Post'] },
  { what: 'a parent', filter: () => ({ parentId: ids['Björk'] ?? null }), found: ['Debut', 'Post'] },
  {
    what: 'a root with three levels',
    filter: () => ({ ...ALL, rootId: ids['Björk'] ?? null }),
    found: ['Björk', 'Debut', 'Post', 'Venus as a Boy', 'Human Behaviour', 'Hyperballad'],
  },
  {
    what: 'a root in the middle',
    filter: () => ({ ...ALL, rootId: ids['Debut'] ?? null }),
    found: ['Debut', 'Venus as a Boy', 'Human Behaviour'],
  },
  {
    what: 'a root without children',
    filter: () => ({ ...ALL, rootId: ids['Hyperballad'] ?? null }),
    found: ['Hyperballad'],
  },
  {
    what: 'a root alone',
    filter: () => ({ includeChildren: false, rootId: ids['Björk'] ?? null }),
    found: ['Björk'],
  },
  {
    what: 'a root and a state',
    filter: () => ({ ...ALL, rootId: ids['Björk'] ?? null, states: ['QUEUED'] }),
    found: ['Post', 'Human Behaviour', 'Hyperballad'],
  },
  { what: 'an unknown root', filter: () => ({ ...ALL, rootId: ada.id }), found: [] },
  {
    what: 'ids',
    filter: () => ({ ...ALL, ids: [ids['Post'] ?? '', ids['Ænima'] ?? '', ada.id] }),
    found: ['Post', 'Ænima'],
  },
  { what: 'no ids', filter: () => ({ ...ALL, ids: [] }), found: [] },
  {
    what: 'ids below a root',
    filter: () => ({ ...ALL, ids: [ids['Post'] ?? '', ids['Ænima'] ?? ''], rootId: ids['Björk'] ?? null }),
    found: ['Post'],
  },
  {
    what: 'a word in other case and without accents',
    filter: () => ({ ...ALL, ...words('BJORK') }),
    found: ['Björk'],
  },
  { what: 'letters that do not decompose', filter: () => ({ ...ALL, ...words('aenima') }), found: ['Ænima'] },
  {
    what: 'all of several words',
    filter: () => ({ ...ALL, ...words('nobody boy') }),
    found: ['Venus as a Boy'],
  },
  { what: 'a word inside another', filter: () => ({ ...ALL, ...words('stream') }), found: ['Upstream'] },
  {
    what: 'a short word at a beginning only',
    filter: () => ({ ...ALL, ...words('up') }),
    found: ['100% Up_beat', 'Upstream'],
  },
  { what: 'a short word that only ends others', filter: () => ({ ...ALL, ...words('am') }), found: [] },
  { what: 'characters that mean something to LIKE', filter: () => ({ ...ALL, ...words('%') }), found: [] },
  {
    what: 'error codes',
    filter: () => ({ ...ALL, errorCodes: ['NO_SOURCE'] }),
    found: ['Ænima', 'Stinkfist', 'dismissed'],
  },
  {
    what: 'several error codes',
    filter: () => ({ errorCodes: ['NO_SOURCE', 'SOURCE_STALLED'] }),
    found: ['Ænima', 'Upstream'],
  },
  { what: 'no error code', filter: () => ({ ...ALL, errorCodes: [] }), found: [] },
  {
    what: 'the time of queueing, from a bound on',
    filter: () => ({ createdSince: day(3) }),
    found: ['100% Up_beat', 'Upstream'],
  },
  {
    what: 'the time of queueing, before a bound',
    filter: () => ({ createdBefore: day(3) }),
    found: ['Björk', 'Ænima'],
  },
  {
    what: 'a day of queueing',
    filter: () => ({ ...ALL, createdSince: day(2), createdBefore: day(3) }),
    found: ['Ænima', 'Debut', 'Post'],
  },
  {
    what: 'the time of finishing, from a bound on',
    filter: () => ({ ...ALL, finishedSince: day(6) }),
    found: ['100% Up_beat', 'dismissed', 'Stinkfist'],
  },
  {
    what: 'the time of finishing, before a bound',
    filter: () => ({ ...ALL, finishedBefore: day(6) }),
    found: ['Ænima', 'Venus as a Boy'],
  },
  {
    what: 'an owner, for the owner',
    filter: () => ({ ownerId: ada.id, states: ['FAILED'] }),
    found: ['Ænima'],
  },
  { what: 'another owner, for a user', filter: () => ({ ...ALL, ownerId: bob.id }), found: [] },
  {
    what: 'another owner, for an admin',
    viewer: () => admin,
    filter: () => ({ ...ALL, ownerId: bob.id }),
    found: ['of Bob'],
  },
  {
    what: 'an owner, for an admin',
    viewer: () => admin,
    filter: () => ({ ownerId: ada.id }),
    found: ['Björk', 'Ænima', '100% Up_beat', 'Upstream'],
  },
  {
    what: 'everything at once',
    filter: () => ({
      ...ALL,
      ...words('stink'),
      ...{
        rootId: ids['Ænima'] ?? null,
        ids: [ids['Stinkfist'] ?? ''],
        ownerId: ada.id,
        errorCodes: ['NO_SOURCE'],
      },
      ...{ createdSince: day(7), createdBefore: day(8), finishedSince: day(8), finishedBefore: day(9) },
    }),
    found: ['Stinkfist'],
  },
];

const OF_TASKS_ALONE = new Set(['states', 'ids', 'rootId', 'parentId', 'includeDismissed']);

/** What the history can be filtered by. */
function withoutTaskConditions(filter: TaskFilter): TaskFilter & HistoryFilter {
  return Object.fromEntries(Object.entries(filter).filter(([name]) => !OF_TASKS_ALONE.has(name)));
}

type Form = (viewer: Viewer, filter: TaskFilter) => Promise<readonly Task[]>;

const PAGE = { size: 100, offset: 0, after: null, before: null, backward: false };

async function readAll(): Promise<Task[]> {
  return app.deps.db.task.findMany({ orderBy: { createdAt: 'asc' } });
}

const FORMS: Record<string, Form> = {
  'a list, newest first': (viewer, filter) =>
    listTasks(app.deps.db, viewer, { ...PAGE, filter, order: 'NEWEST_FIRST' }),
  'a list, oldest first': (viewer, filter) =>
    listTasks(app.deps.db, viewer, { ...PAGE, filter, order: 'OLDEST_FIRST' }),
  'a list that starts with what is active': async (viewer, filter) =>
    (await listActiveFirst(app.deps.db, viewer, { filter, offset: 0, limit: 100, activeUpTo: 0 })).tasks,
  'the snapshot of a resumed reader': (viewer, filter) =>
    listChangedTasks(app.deps.db, viewer, { filter, since: 0n, after: null, limit: 100 }),
  'the snapshot of a new reader': async (viewer, filter) => [
    ...(await listActiveTasks(app.deps.db, viewer, { filter, after: null, limit: 100 })),
    // It leaves out what is finished.
    ...(await listTasks(app.deps.db, viewer, { ...PAGE, filter, order: 'NEWEST_FIRST' })).filter(
      ({ state }) => isFinished(state),
    ),
  ],
  'live changes': async (viewer, filter) => {
    const tasks = await readAll();
    const parentOf = new Map(tasks.map(({ id, parentId }) => [id, parentId]));
    return tasks.filter(
      (task) =>
        maySee(viewer, task) && matchesFilter(filter, task, parentOf.get(task.parentId ?? '') ?? null),
    );
  },
};

describe.each(CASES)('a filter by $what', ({ filter, found, viewer = () => ada }) => {
  it.each(Object.keys(FORMS))('selects the same tasks in %s', async (form) => {
    const tasks = await FORMS[form]?.(viewer(), filter());
    expect(tasks?.map(({ title }) => title).sort()).toEqual([...found].sort());
  });

  it('counts as many', async () => {
    expect(await countTasks(app.deps.db, viewer(), filter())).toBe(found.length);
  });

  it('selects the same downloads of the history, by what the two have in common', async () => {
    const common = withoutTaskConditions(filter());
    const all = await readAll();
    const expected = all.filter(
      (task) => maySee(viewer(), task) && matchesFilter({ ...common, includeDismissed: true }, task, null),
    );
    const order = 'OLDEST_FIRST';
    const listed = await listHistory(app.deps.db, viewer(), { ...PAGE, filter: common, order });
    expect(listed.map(({ title }) => title).sort()).toEqual(expected.map(({ title }) => title).sort());
    expect(await countHistory(app.deps.db, viewer(), common)).toBe(expected.length);
  });
});

describe('a list by the filter', () => {
  it('is in its order, and read in pages from both ends', async () => {
    for (const order of ['NEWEST_FIRST', 'OLDEST_FIRST'] as const) {
      for (const filter of [ALL, { ...ALL, rootId: ids['Björk'] ?? null }, { ...ALL, ...words('nobody') }]) {
        const read = (page: object) => listTasks(app.deps.db, ada, { ...PAGE, filter, order, ...page });
        const all = await read({});
        const sorted = [...all].sort((a, b) => +a.createdAt - +b.createdAt || (a.id < b.id ? -1 : 1));
        expect(all).toEqual(order === 'OLDEST_FIRST' ? sorted : sorted.reverse());
        const [first, , third, fourth] = all;
        const titles = (tasks: Task[]) => tasks.map(({ title }) => title);
        expect(titles(await read({ size: 1, after: first, before: fourth }))).toEqual(
          titles(all.slice(1, 3)),
        );
        expect(titles(await read({ size: 1, backward: true, before: third }))).toEqual(
          titles(all.slice(0, 2).reverse()),
        );
        expect(titles(await read({ backward: true }))).toEqual(titles([...all].reverse()));
      }
    }
  });
});
