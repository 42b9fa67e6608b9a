import type { Viewer } from '../auth/viewer.js';
import type { Platform } from '../platform.js';
import { createDeferred } from '../lib/async.js';
import { findTask, listFirstChildren } from './task-store.js';
import { isTerminal, type Task } from './task.js';

/** What a list became, as far as that is known. */
export interface WrittenParts {
  /** Whether that is all of it. */
  complete: boolean;
  queued: Task[];
  /** Other tasks that parts of it were left to, because they were on them already. */
  duplicates: Task[];
}

/** Of each list, so many parts are told of at once. */
export const MAX_WRITTEN_PARTS = 500;

type Needs = Pick<Platform, 'db' | 'bus' | 'timing'> & { signal: AbortSignal };

/**
 * Waits until a list's parts are all written, by the news of it, but not for long; then tells what there is. The list
 * goes on being written meanwhile.
 */
export async function listWrittenParts(deps: Needs, viewer: Viewer, taskId: string): Promise<WrittenParts> {
  const complete = await waitUntilWritten(deps, viewer, taskId);
  const children = await listFirstChildren(deps.db, taskId, MAX_WRITTEN_PARTS);
  return {
    complete,
    queued: children.filter(({ duplicateOf }) => duplicateOf === null),
    duplicates: children.flatMap(({ duplicateOf }) => duplicateOf ?? []),
  };
}

async function waitUntilWritten(
  { db, bus, timing, signal }: Needs,
  viewer: Viewer,
  taskId: string,
): Promise<boolean> {
  const written = createDeferred<boolean>();
  const look = async () => {
    const task = await findTask(db, viewer, taskId);
    if (!task || task.expandedAt || isTerminal(task.state)) written.resolve(true);
  };
  const lookAgain = () => void look().catch(written.reject);
  const offNews = bus.on('task.changed', (fact) => {
    if (fact.taskId === taskId) lookAgain();
  });
  const offGap = bus.on('bus.gap', lookAgain);
  const giveUp = () => written.resolve(false);
  const timer = setTimeout(giveUp, timing.childrenWaitMs);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    lookAgain();
    return await written.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    offNews();
    offGap();
  }
}
