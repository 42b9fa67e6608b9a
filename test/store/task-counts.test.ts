import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { viewerOf, type Viewer } from '../../src/auth/viewer.js';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import type { Prisma } from '../../src/generated/prisma/client.js';
import { createLogger } from '../../src/lib/logger.js';
import { createDatabase, type DatabaseConnection, type Db } from '../../src/database/prisma.js';
import { countTasks, foldTaskCounts } from '../../src/tasks/task-count-store.js';
import { createTaskCounter } from '../../src/tasks/task-counter.js';
import { TASK_STATES, type TaskKind, type TaskState } from '../../src/tasks/task.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';

let database: TestDatabase;
let connection: DatabaseConnection;
beforeAll(async () => {
  database = await createTestDatabase();
  connection = createDatabase({ url: database.url, log: createLogger('silent') });
});
afterAll(async () => {
  await connection.close();
  await database.drop();
});
beforeEach(async () => {
  await connection.db.task.deleteMany();
  await foldTaskCounts(connection.db);
});

const KINDS: TaskKind[] = ['TRACK', 'ALBUM', 'PLAYLIST', 'ARTIST'];

type NewRow = Prisma.TaskCreateManyInput & { id: string };
const newTask = (more: Partial<NewRow> = {}): NewRow => ({
  id: randomUUID(),
  kind: 'TRACK',
  ownerId: SYSTEM_VIEWER.id,
  itemId: 'demo:1',
  title: 'Track',
  item: {},
  options: {},
  ...more,
});

async function createUser(): Promise<Viewer> {
  const user = { id: randomUUID(), username: randomUUID(), role: 'USER' as const };
  await connection.db.user.create({ data: user });
  return viewerOf(user);
}

/** What is kept, and what is there, by everything that tasks are counted by: equal in one snapshot. */
async function compare(db: Db): Promise<{ kept: object[]; real: object[] }> {
  const kept = await db.$queryRaw<object[]>`
    SELECT "ownerId"::text, "kind"::text, "state"::text, "topLevel", "dismissed", "begun", "partial",
      sum("n")::int AS n
    FROM "TaskCount" GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum("n") <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7`;
  const real = await db.$queryRaw<object[]>`
    SELECT "ownerId"::text, "kind"::text, "state"::text, "parentId" IS NULL AS "topLevel",
      "dismissedAt" IS NOT NULL AS "dismissed", "startedAt" IS NOT NULL AS "begun",
      "state" = 'COMPLETED' AND "failed" + "cancelled" > 0 AS "partial", count(*)::int AS n
    FROM "Task" GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7`;
  return { kept, real };
}

const inOneSnapshot = () =>
  connection.db.$transaction((tx) => compare(tx), { isolationLevel: 'RepeatableRead' });

/** The same numbers for the same seed, so that a story that fails can be told again. */
function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** One of the many things that happen to tasks, each as one statement. */
async function happen(db: Db, roll: (sides: number) => number, owners: readonly string[]): Promise<void> {
  const pick = <T>(from: readonly T[]): T => from[roll(from.length)] as T;
  const ownerId = pick(owners);
  const state = pick(TASK_STATES);
  const some = { ownerId, progress: { gte: 0 }, priority: roll(4) };
  switch (roll(9)) {
    case 0:
    case 1:
    case 2: {
      const parent = newTask({ ownerId, kind: pick(KINDS), state, priority: roll(4) });
      const parts = Array.from({ length: roll(12) }, (_, position) =>
        newTask({ ownerId, parentId: parent.id, position, state: pick(TASK_STATES), priority: roll(4) }),
      );
      // A part whose place is taken is left out, and not counted.
      const twins = parts.map((part) => ({ ...part, id: randomUUID() }));
      await db.task.createMany({ data: [parent, ...parts, ...twins], skipDuplicates: true });
      return;
    }
    case 3:
      return void (await db.task.updateMany({ where: some, data: { state, startedAt: new Date() } }));
    case 4:
      return void (await db.task.updateMany({ where: some, data: { state, failed: roll(2) } }));
    case 5:
      return void (await db.task.updateMany({ where: some, data: { progress: roll(100) } }));
    case 6:
      return void (await db.task.updateMany({
        where: some,
        data: { dismissedAt: roll(2) ? new Date() : null },
      }));
    case 7:
      return void (await db.task.deleteMany({ where: { ...some, kind: { not: 'TRACK' } } }));
    default:
      return foldTaskCounts(db);
  }
}

describe('task counts', () => {
  it('match a real count at every moment while several writers work at once', async () => {
    const owners = [SYSTEM_VIEWER.id, (await createUser()).id, (await createUser()).id];
    let telling = true;
    const tellers = [1, 2, 3, 4, 5].map(async (seed) => {
      const roll = createDice(seed);
      for (let step = 0; step < 60; step++) {
        // Two that change the same rows in different order: one of them is told to try again, as anywhere.
        await happen(connection.db, roll, owners).catch((thrown: unknown) => {
          if (!/deadlock|write conflict|P2034|40P01/i.test(String(thrown))) throw thrown;
        });
      }
    });
    const reader = (async () => {
      let looks = 0;
      for (; telling; looks++) {
        const { kept, real } = await inOneSnapshot();
        expect(kept).toEqual(real);
      }
      return looks;
    })();
    await Promise.all(tellers).finally(() => (telling = false));
    expect(await reader).toBeGreaterThan(5);
    const { kept, real } = await inOneSnapshot();
    expect(real.length).toBeGreaterThan(20);
    expect(kept).toEqual(real);
  });

  it('leave out rolled back changes', async () => {
    const failing = connection.db.$transaction(async (tx) => {
      await tx.task.createMany({ data: [newTask(), newTask()] });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await countTasks(connection.db, SYSTEM_VIEWER, {})).toBe(0);
  });

  it('are deleted with their user', async () => {
    const user = await createUser();
    const parent = newTask({ ownerId: user.id, kind: 'ALBUM' });
    await connection.db.task.createMany({
      data: [parent, newTask({ ownerId: user.id, parentId: parent.id, position: 0 })],
    });
    expect(await countTasks(connection.db, user, { includeChildren: true })).toBe(2);
    await connection.db.user.delete({ where: { id: user.id } });
    expect(await countTasks(connection.db, user, { includeChildren: true })).toBe(0);
    expect(await inOneSnapshot()).toEqual({ kept: [], real: [] });
  });

  it('do not change when they are folded into few rows', async () => {
    await connection.db.task.createMany({ data: [newTask(), newTask({ state: 'FAILED' })] });
    const [first] = await connection.db.task.findMany({ where: { state: 'QUEUED' } });
    for (let change = 0; change < 60; change++) {
      const state: TaskState = change % 2 ? 'QUEUED' : 'PAUSED';
      await connection.db.task.update({ where: { id: first?.id ?? '' }, data: { state } });
    }
    const rows = async () => {
      const [row] = await connection.db.$queryRaw<
        { n: number }[]
      >`SELECT count(*)::int AS n FROM "TaskCount" WHERE "ownerId" = ${SYSTEM_VIEWER.id}::uuid`;
      return row?.n ?? 0;
    };
    expect(await rows()).toBeGreaterThan(100);
    const before = await inOneSnapshot();
    await foldTaskCounts(connection.db);
    expect(await rows()).toBe(2);
    expect(await inOneSnapshot()).toEqual(before);
  });

  it('are filtered as lists are', async () => {
    const { db } = connection;
    const user = await createUser();
    const parent = newTask({ kind: 'ALBUM', state: 'RUNNING' });
    await db.task.createMany({
      data: [
        parent,
        newTask({ parentId: parent.id, position: 0, state: 'FAILED' }),
        newTask({ state: 'FAILED', dismissedAt: new Date() }),
        newTask({ state: 'FAILED' }),
        newTask({ ownerId: user.id }),
      ],
    });
    const count = (filter: Parameters<typeof countTasks>[2]) => countTasks(db, SYSTEM_VIEWER, filter);
    expect(await count({})).toBe(3);
    expect(await count({ states: ['FAILED'] })).toBe(1);
    expect(await count({ states: ['FAILED'], includeDismissed: true })).toBe(2);
    expect(await count({ states: ['FAILED'], includeChildren: true })).toBe(2);
    expect(await count({ kinds: ['ALBUM'] })).toBe(1);
    expect(await count({ states: [] })).toBe(0);
    expect(await count({ parentId: parent.id })).toBe(1);
    expect(await countTasks(db, user, {})).toBe(1);
  });
});

describe('a counter', () => {
  it('queries once for all concurrent callers, and again for later ones', async () => {
    const user = await createUser();
    await connection.db.task.createMany({
      data: [newTask(), newTask({ state: 'FAILED' }), newTask({ ownerId: user.id })],
    });
    let queries = 0;
    const counter = createTaskCounter({
      db: new Proxy(connection.db, {
        get: (db, name) => {
          if (name === '$queryRaw') queries += 1;
          const value: unknown = Reflect.get(db, name);
          return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(db) : value;
        },
      }),
    });
    const many = Array.from({ length: 1_000 }, (_, n) => counter.count(n % 2 ? SYSTEM_VIEWER : user));
    const first = await many[1];
    expect(first).toMatchObject({ QUEUED: 2, FAILED: 1, RUNNING: 0 });
    expect(await many[0]).toMatchObject({ QUEUED: 1, FAILED: 0 });
    await Promise.all(many);
    expect(queries).toBe(1);

    // Who asks while an answer is on its way gets a younger one.
    const early = counter.count(SYSTEM_VIEWER);
    await connection.db.task.createMany({ data: [newTask()] });
    const late = counter.count(SYSTEM_VIEWER);
    expect(await late).toMatchObject({ QUEUED: 3, FAILED: 1 });
    await early;
    expect(queries).toBeLessThanOrEqual(3);
  });

  it('continues after a query that failed', async () => {
    let broken = true;
    const db = new Proxy(connection.db, {
      get: (target, name) => {
        if (name === '$queryRaw' && broken) return () => Promise.reject(new Error('no database'));
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    });
    const counter = createTaskCounter({ db });
    await expect(counter.count(SYSTEM_VIEWER)).rejects.toThrow('no database');
    broken = false;
    expect(await counter.count(SYSTEM_VIEWER)).toMatchObject({ QUEUED: 0 });
  });
});
