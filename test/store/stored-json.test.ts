import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import type { Prisma } from '../../src/generated/prisma/client.js';
import { startTask } from '../../src/queue/claimed-task.js';
import { findPlaylist } from '../../src/tasks/task-children-store.js';
import { findEarlierDownload, listDownloadPaths } from '../../src/tasks/task-file-store.js';
import { findTaskWithOptions } from '../../src/tasks/task-store.js';
import { stubPlaylist } from '../kit/stub-discography.js';
import { seededTrack, seedTasks } from '../kit/seed-tasks.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const ITEM = graphql(`
  query StoredItem($id: ID!) {
    task(id: $id) {
      item {
        __typename
      }
    }
  }
`);

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

const seedOne = async (seed: Parameters<typeof seedTasks>[1][number]) =>
  (await seedTasks(app, [{ dispatchedAt: new Date(), ...seed }]))[0] ?? '';

const UNREADABLE: [string, { item?: Prisma.InputJsonValue; options?: Prisma.InputJsonValue }][] = [
  ['an item of an unknown type', { item: { ...seededTrack('demo:x'), type: 'FILM' } }],
  ['an item without a title', { item: { ...seededTrack('demo:x'), title: null } }],
  ['no item', { item: 7 }],
  ['an unknown format', { options: { format: 'MIDI', bitrateKbps: null } }],
  ['options that are a list', { options: [] }],
];

describe('a stored task', () => {
  it('has typed data when it is claimed, with the default of each later option', async () => {
    const id = await seedOne({});
    expect(await startTask(app.deps, { taskId: id, attempt: 0 })).toMatchObject({
      task: { id, state: 'RUNNING' },
      item: { type: 'TRACK', title: 'Title of demo:seed-0' },
      options: { format: 'KEEP', saveCover: true, albumGroups: null },
      claim: { taskId: id, attempt: 1 },
    });
  });

  it.each(UNREADABLE)('with %s fails as INTERNAL when it is claimed', async (_what, stored) => {
    const id = await seedOne(stored);
    expect(await startTask(app.deps, { taskId: id, attempt: 0 })).toBeNull();
    expect(await app.deps.db.task.findUnique({ where: { id } })).toMatchObject({
      state: 'FAILED',
      errorCode: 'INTERNAL',
      errorMessage: expect.stringContaining('Queue the download again.') as string,
      errorRetryable: false,
      leaseOwner: null,
    });
  });

  it('with an unreadable item answers a query for the item with a masked error', async () => {
    const readable = await seedOne({});
    expect(await app.execute(ITEM, { id: readable })).toEqual({ task: { item: { __typename: 'Track' } } });
    const id = await seedOne({ item: { type: 'FILM' } });
    await expect(app.execute(ITEM, { id })).rejects.toThrow(/internal/i);
  });

  it('of an earlier version, in which an unknown length was 0, is read with none', async () => {
    const id = await seedOne({ item: { ...seededTrack('demo:old'), durationMs: 0 } });
    expect(await startTask(app.deps, { taskId: id, attempt: 0 })).toMatchObject({
      item: { durationMs: null },
    });
  });

  it('of a playlist is read with its title, and of any other kind as none', async () => {
    const item = stubPlaylist('stub:list', 3);
    const list = await seedOne({ kind: 'PLAYLIST', item });
    expect(await findPlaylist(app.deps.db, list)).toEqual(item);
    expect(await findPlaylist(app.deps.db, await seedOne({}))).toBeNull();
    await expect(findPlaylist(app.deps.db, await seedOne({ kind: 'PLAYLIST' }))).rejects.toThrow();
  });

  it('of an earlier version made the file that a later task without a directory of its own looks for', async () => {
    const { db } = app.deps;
    const itemId = 'demo:made-before';
    const done = { itemId, state: 'COMPLETED' } as const;
    const stored = { format: 'MP3', bitrateKbps: 128 };
    const early = await seedOne({ ...done, options: stored });
    const own = await seedOne({ ...done, options: { ...stored, downloadPath: '/music/kids' } });
    const find = async (options: Record<string, unknown>) =>
      (await findEarlierDownload(db, itemId, { ...stored, ...options }))?.id;
    expect(await find({ downloadPath: null })).toBe(early);
    expect(await find({ downloadPath: '/music/kids' })).toBe(own);
    expect(await find({ downloadPath: '/music/other' })).toBeUndefined();
    expect(await find({ downloadPath: null, bitrateKbps: null })).toBeUndefined();
    expect(await listDownloadPaths(db)).toEqual(['/music/kids']);
  });

  it('is read with whole options, or not at all', async () => {
    const { db } = app.deps;
    expect(await findTaskWithOptions(db, await seedOne({}))).toMatchObject({
      options: { userDirectory: null, artistSeparator: '; ' },
    });
    const invalid = await seedOne({ options: { format: 'MIDI' } });
    await expect(findTaskWithOptions(db, invalid)).rejects.toThrow();
  });
});
