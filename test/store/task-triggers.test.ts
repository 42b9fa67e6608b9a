import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import type { Prisma } from '../../src/generated/prisma/client.js';
import { createLogger } from '../../src/lib/logger.js';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { waitFor } from '../kit/wait-for.js';

interface Message {
  name: string;
  items: { taskId: string; ownerId: string; parentId: string | null; state: string }[];
}

let database: TestDatabase;
let connection: DatabaseConnection;
let listener: pg.Client;
let payloads: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  connection = createDatabase({ url: database.url, log: createLogger('silent') });
  listener = new pg.Client({ connectionString: database.url });
  await listener.connect();
  listener.on('notification', ({ payload }) => payloads.push(payload ?? ''));
  await listener.query('LISTEN reprise');
  payloads = [];
});

afterAll(async () => {
  await listener.end();
  await connection.close();
  await database.drop();
});

const newTask = (more: Partial<Prisma.TaskCreateManyInput> = {}): Prisma.TaskCreateManyInput => ({
  id: randomUUID(),
  kind: 'TRACK',
  ownerId: SYSTEM_VIEWER.id,
  itemId: 'demo:1',
  title: 'Track',
  item: {},
  options: {},
  ...more,
});

/** What was announced by `work`: messages come in order, so it is all between a first and a last one of our own. */
async function announcedBy(work: () => Promise<unknown>): Promise<Message[]> {
  const begin = await announceMark();
  await work();
  const end = await announceMark();
  const between = payloads.slice(payloads.indexOf(begin) + 1, payloads.indexOf(end));
  return between.map((payload) => JSON.parse(payload) as Message);
}

async function announceMark(): Promise<string> {
  const mark = randomUUID();
  await connection.db.$queryRaw`SELECT pg_notify('reprise', ${mark})::text`;
  await waitFor(() => payloads.includes(mark), { what: 'a notification of our own' });
  return mark;
}

describe('a change to tasks', () => {
  it('is announced with the facts of each task when it commits', async () => {
    const task = newTask();
    const messages = await announcedBy(() => connection.db.task.createMany({ data: [task] }));
    expect(messages).toEqual([
      {
        name: 'task.changed',
        items: [{ taskId: task.id, ownerId: SYSTEM_VIEWER.id, parentId: null, state: 'QUEUED' }],
      },
    ]);
    const update = await announcedBy(() =>
      connection.db.task.update({ where: { id: task.id! }, data: { state: 'RUNNING' } }),
    );
    expect(update.flatMap(({ items }) => items.map(({ state }) => state))).toEqual(['RUNNING']);
  });

  it('is not announced when it is rolled back', async () => {
    const messages = await announcedBy(() =>
      connection.db
        .$transaction(async (tx) => {
          await tx.task.createMany({ data: [newTask()] });
          throw new Error('no');
        })
        .catch(() => undefined),
    );
    expect(messages).toEqual([]);
  });

  it('is announced in messages that fit, all 1,000 rows of one statement', async () => {
    const parent = newTask({ kind: 'ALBUM' });
    await connection.db.task.createMany({ data: [parent] });
    const children = Array.from({ length: 1_000 }, (_, position) =>
      newTask({ parentId: parent.id!, position }),
    );
    const messages = await announcedBy(() => connection.db.task.createMany({ data: children }));
    const announced = messages.flatMap(({ items }) => items.map(({ taskId }) => taskId));
    expect(new Set(announced)).toEqual(new Set(children.map(({ id }) => id)));
    expect(announced).toHaveLength(1_000);

    const updates = await announcedBy(() =>
      connection.db.task.updateMany({ where: { parentId: parent.id! }, data: { state: 'CANCELLED' } }),
    );
    expect(updates.flatMap(({ items }) => items)).toHaveLength(1_000);
    expect(Math.max(...payloads.map((payload) => Buffer.byteLength(payload)))).toBeLessThan(8_000);
  });

  it('is neither announced nor counted when it only concerns leases and dispatch', async () => {
    const task = newTask();
    await connection.db.task.createMany({ data: [task] });
    const before = await read(task.id!);
    const messages = await announcedBy(() =>
      connection.db.task.update({
        where: { id: task.id! },
        data: { leaseOwner: 'w1', leaseUntil: new Date(), dispatchedAt: new Date() },
      }),
    );
    expect(messages).toEqual([]);
    expect((await read(task.id!)).sequence).toBe(before.sequence);
  });

  it('takes a higher sequence, and a finish time with the end and none after a retry', async () => {
    const task = newTask();
    await connection.db.task.createMany({ data: [task] });
    const queued = await read(task.id!);
    await connection.db.task.update({ where: { id: task.id! }, data: { state: 'FAILED' } });
    const failed = await read(task.id!);
    expect(failed.sequence).toBeGreaterThan(queued.sequence);
    expect(failed.finishedAt).toBeInstanceOf(Date);
    await connection.db.task.update({ where: { id: task.id! }, data: { state: 'QUEUED' } });
    expect((await read(task.id!)).finishedAt).toBeNull();
  });

  const read = (id: string) => connection.db.task.findUniqueOrThrow({ where: { id } });
});
