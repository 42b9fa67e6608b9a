import type { Viewer } from '../auth/viewer.js';
import { createDeferred } from '../lib/async.js';
import type { Platform } from '../platform.js';
import { listFirstChildren } from './task-children-store.js';
import { findTask } from './task-store.js';
import { isFinished, type Task } from './task.js';

export interface QueuedChildren {
  queued: Task[];
  duplicates: Task[];
}

export const MAX_QUEUED_CHILDREN = 500;

type Needs = Pick<Platform, 'db' | 'bus' | 'timing'> & { signal: AbortSignal };

/** Waits up to `timing.childrenWaitMs` for the expansion. */
export async function listQueuedChildren(
  deps: Needs,
  viewer: Viewer,
  taskId: string,
): Promise<QueuedChildren> {
  await waitForExpansion(deps, viewer, taskId);
  const children = await listFirstChildren(deps.db, taskId, MAX_QUEUED_CHILDREN);
  return {
    queued: children.filter(({ duplicateOf }) => duplicateOf === null),
    duplicates: children.flatMap(({ duplicateOf }) => duplicateOf ?? []),
  };
}

async function waitForExpansion(
  { db, bus, timing, signal }: Needs,
  viewer: Viewer,
  taskId: string,
): Promise<void> {
  const expanded = createDeferred<void>();
  const check = async () => {
    const task = await findTask(db, viewer, taskId);
    if (!task || task.expandedAt || isFinished(task.state)) expanded.resolve();
  };
  const checkAgain = () => void check().catch(expanded.reject);
  const offTask = bus.on('task.changed', (event) => {
    if (event.taskId === taskId) checkAgain();
  });
  const offGap = bus.on('bus.gap', checkAgain);
  const giveUp = () => expanded.resolve();
  const timer = setTimeout(giveUp, timing.childrenWaitMs);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    checkAgain();
    await expanded.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    offTask();
    offGap();
  }
}
