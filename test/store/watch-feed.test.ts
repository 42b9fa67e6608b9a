import pg from 'pg';
import { v7 as timeOrderedUuid } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { createDatabase, type DatabaseConnection } from '../../src/database/prisma.js';
import { repairSequences } from '../../src/database/sequence.js';
import { createEventBus, type EventBus } from '../../src/events/bus.js';
import { createLatestFeed, type LatestFeed, type LatestUpdate } from '../../src/events/latest-feed.js';
import { createLogger } from '../../src/lib/logger.js';
import { readWatchRows, type WatchRow } from '../../src/watches/watch-store.js';
import { makePlaylist } from '../kit/catalog-items.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { waitFor } from '../kit/wait-for.js';

const WATCHES = 50;
const log = createLogger('silent');

let database: TestDatabase;
let connection: DatabaseConnection;
let bus: EventBus;
let feed: LatestFeed<WatchRow>;
/** Rows of each read. */
let reads: number[];
let ids: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  connection = createDatabase({ url: database.url, log });
});

afterAll(async () => {
  await connection.close();
  await database.drop();
});

beforeEach(async () => {
  const { db } = connection;
  await db.watch.deleteMany();
  ids = Array.from({ length: WATCHES }, () => timeOrderedUuid());
  await db.watch.createMany({
    data: ids.map((id, at) => ({
      ...{
        id,
        kind: 'PLAYLIST' as const,
        ownerId: SYSTEM_VIEWER.id,
        itemId: `stub:${at}`,
        title: `List ${at}`,
      },
      ...{ item: makePlaylist(`stub:${at}`), downloadExisting: false, downloadNew: true, albumGroups: [] },
    })),
  });
  bus = createEventBus({ log });
  reads = [];
  feed = createLatestFeed(
    { db, bus, log },
    {
      event: 'watch.changed',
      read: async (since) => {
        const rows = await readWatchRows(db, since);
        reads.push(rows.length);
        return rows;
      },
    },
  );
  return () => feed.stop();
});

const pause = (id: string, paused = true) => connection.db.watch.update({ where: { id }, data: { paused } });
const changed = () => bus.publish('watch.changed', {});

interface Reader {
  updates: LatestUpdate<WatchRow>[];
  paused(): string[];
}

async function follow(): Promise<Reader> {
  const updates: LatestUpdate<WatchRow>[] = [];
  const iterator = await feed.subscribe(null);
  void (async () => {
    for await (const update of iterator) updates.push(update);
  })();
  const { db } = connection;
  const expected = await db.watch.count();
  await waitFor(() => updates.length === expected, { what: 'the snapshot' });
  return {
    updates,
    paused: () => updates.flatMap(({ initial, row }) => (!initial && row.watch.paused ? row.key : [])),
  };
}

describe('the feed of watches', () => {
  it('reads those that changed, not all of them', async () => {
    const reader = await follow();
    const [first = '', second = ''] = ids;
    for (const id of [first, second]) {
      await pause(id);
      changed();
      await waitFor(() => reader.paused().includes(id), { what: `the change of ${id}` });
    }
    expect(reader.paused()).toEqual([first, second]);
    // While an older transaction is open, rows since then are read again.
    await waitFor(
      async () => {
        await pause(first, reader.updates.length % 2 === 0);
        changed();
        return (reads.at(-1) ?? WATCHES) < WATCHES;
      },
      { what: 'a read of few rows' },
    );
  });

  it('misses no change that began before another and was committed after it', async () => {
    const reader = await follow();
    const [early = '', later = ''] = ids;
    const late = new pg.Client({ connectionString: database.url });
    await late.connect();
    try {
      await late.query('BEGIN');
      await late.query('UPDATE "Watch" SET "paused" = true WHERE "id" = $1', [early]);
      await pause(later);
      changed();
      await waitFor(() => reader.paused().includes(later), { what: 'the later change' });
      await late.query('COMMIT');
    } finally {
      await late.end();
    }
    changed();
    await waitFor(() => reader.paused().includes(early), { what: 'the earlier change' });
    expect(reader.paused()).toEqual([later, early]);
  });

  it('shows a removal to readers of before, and nothing of it to a new one', async () => {
    const reader = await follow();
    const [gone = ''] = ids;
    const before = await connection.db.watch.findUniqueOrThrow({ where: { id: gone } });
    const since = reader.updates.at(-1)?.sequence ?? '';
    await connection.db.watch.delete({ where: { id: gone } });
    changed();
    const isRemoval = ({ row }: LatestUpdate<WatchRow>) => row.removed && row.key === gone;
    await waitFor(() => reader.updates.some(isRemoval), { what: 'the removal' });
    const removal = reader.updates.find(isRemoval);
    expect(removal?.initial).toBe(false);
    expect({ ...removal?.row.watch, sequence: before.sequence }).toEqual(before);
    expect((await follow()).updates.map(({ row }) => row.key)).not.toContain(gone);
    for await (const update of await feed.subscribe(since)) if (isRemoval(update)) break;
  });

  it('forgets removals after seven days', async () => {
    const { db } = connection;
    const [first = '', second = ''] = ids;
    await db.watch.delete({ where: { id: first } });
    await db.$executeRaw`UPDATE "RemovedWatch" SET "removedAt" = now() - interval '8 days'`;
    await db.watch.delete({ where: { id: second } });
    expect(await db.removedWatch.findMany({ select: { id: true } })).toEqual([{ id: second }]);
  });

  it('lowers sequences that came with a restored dump', async () => {
    const [restored = ''] = ids;
    await connection.db
      .$executeRaw`UPDATE "Watch" SET "sequence" = 900000000000 WHERE "id" = ${restored}::uuid`;
    expect(await repairSequences(connection.db)).toBe(1);
    expect(await repairSequences(connection.db)).toBe(0);
  });
});
