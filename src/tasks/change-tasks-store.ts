import { Prisma } from '../generated/prisma/client.js';
import type { Db } from '../database/prisma.js';
import { moveTasks, NO_ERROR, NO_LEASE } from './task-state-store.js';
import { LIVE_STATES, PARENT_KINDS } from './task.js';

/*
 * What people do to tasks, as one update of all that it concerns. Lists whose parts are all written take no part: a
 * list's state follows from its parts' (parent-store.ts).
 */

type Where = Prisma.TaskWhereInput;

/** Ends what is live. */
export function cancelTasks(tx: Db, where: Where): Promise<number> {
  return moveTasks(tx, where, { state: 'CANCELLED', retryAt: null });
}

/**
 * Queues again which of these failed or were cancelled, and shows it again. An entry without an item, which its
 * catalogue no longer has, would only fail again.
 */
export function retryTasks(tx: Db, where: Where): Promise<number> {
  const again: Where = {
    state: { in: ['FAILED', 'CANCELLED'] },
    expandedAt: null,
    item: { not: Prisma.JsonNull },
  };
  const fresh = { progress: 0, failures: 0, retryAt: null, dismissedAt: null, ...NO_ERROR };
  return moveTasks(tx, { AND: [where, again] }, { state: 'QUEUED', ...fresh });
}

/** Puts aside what waits for its turn or its next try, and lists that are being written. Tracks at work go on. */
export async function pauseTasks(tx: Db, where: Where): Promise<number> {
  const waiting = await moveTasks(tx, where, { state: 'PAUSED', retryAt: null });
  const beingWritten: Where = { kind: { in: [...PARENT_KINDS] }, expandedAt: null, state: 'RUNNING' };
  const lists = await tx.task.updateMany({
    where: { AND: [where, beingWritten] },
    data: { state: 'PAUSED', ...NO_LEASE },
  });
  return waiting + lists.count;
}

/** Queues what was put aside; a list that was paused while it was written is written on. */
export function resumeTasks(tx: Db, where: Where): Promise<number> {
  return moveTasks(tx, { AND: [where, { state: 'PAUSED', expandedAt: null }] }, { state: 'QUEUED' });
}

/** Of what is live. */
export async function setPriority(tx: Db, where: Where, priority: number): Promise<number> {
  const { count } = await tx.task.updateMany({ where: { AND: [where, LIVE] }, data: { priority } });
  return count;
}

const LIVE: Where = { state: { in: [...LIVE_STATES] } };
