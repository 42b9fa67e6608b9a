import { v7 as timeOrderedUuid } from 'uuid';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { readSequence } from '../../src/database/sequence.js';
import type { Prisma } from '../../src/generated/prisma/client.js';
import type { TestApp } from './start-app.js';
import { waitFor } from './wait-for.js';

type Seed = Partial<Prisma.TaskCreateManyInput>;

const START_MS = Date.parse('2026-01-01T00:00:00Z');

/** The catalog metadata of a track. */
export function seededTrack(id: string): Prisma.InputJsonObject {
  return {
    type: 'TRACK',
    id,
    title: `Title of ${id}`,
    artists: [{ id: 'demo:nobody', name: 'Nobody' }],
    album: null,
    durationMs: 1_000,
    explicit: false,
    trackNumber: null,
    discNumber: null,
    isrc: null,
    genres: [],
    url: null,
  };
}

/**
 * Writes tasks as if they had been queued a second apart; their ids, in that order. For an app of the role `api`,
 * where nothing runs them.
 */
export async function seedTasks(app: TestApp, seeds: readonly Seed[]): Promise<string[]> {
  const data = seeds.map((seed, index) => ({
    id: timeOrderedUuid(),
    kind: 'TRACK' as const,
    ownerId: SYSTEM_VIEWER.id,
    itemId: `demo:seed-${index}`,
    title: `Seed ${index}`,
    artists: ['Nobody'],
    item: seededTrack(`demo:seed-${index}`),
    options: { format: 'KEEP', bitrateKbps: null },
    createdAt: new Date(START_MS + index * 1_000),
    ...seed,
  }));
  await app.deps.db.task.createMany({ data });
  return data.map(({ id }) => id);
}

/**
 * Seeds tasks, and waits until their events are past: while another test's transaction on the same server is open,
 * a new reader may receive them once more.
 */
export async function seedPastTasks(app: TestApp, seeds: readonly Seed[]): Promise<string[]> {
  const ids = await seedTasks(app, seeds);
  const { db } = app.deps;
  const { _max } = await db.task.aggregate({ where: { id: { in: ids } }, _max: { sequence: true } });
  await waitForSequence(app, _max.sequence);
  return ids;
}

/** Until no transaction is open that began before the one with this sequence. */
export function waitForSequence({ deps }: TestApp, sequence: bigint | null): Promise<unknown> {
  return waitFor(async () => (await readSequence(deps.db)) > (sequence ?? 0n), {
    timeoutMs: 20_000,
    what: `the sequence to pass ${sequence}`,
  });
}
