import type { TaskState, WireCountsFragment, WireTaskFragment } from '../../generated/documents/graphql.js';
import { wireIdOf } from '../wire-id.js';
import {
  changedAt,
  secondsOf,
  statusOf,
  summaryOf,
  toStatusLine,
  wordOf,
  type TaskToShow,
} from './serialize-line.js';

/** A task as the clients of /prgs know it. */
export function toWireTask(task: TaskToShow, { base, now }: { base: string; now: Date }): object {
  const id = wireIdOf(task.id);
  const type = wordOf(task.kind);
  const line = toStatusLine(task, now);
  const summary = summaryOf(task);
  return {
    task_id: id,
    // Clients take the item's id from its last part. An entry that its catalogue lost has none.
    original_url: `${base}/${type}/download/${task.item ? wireIdOf(task.item.id) : id}`,
    name: task.title,
    artist: task.artists.join(', '),
    type,
    download_type: type,
    status: statusOf(line),
    progress: task.progress,
    created_at: secondsOf(task.createdAt),
    timestamp: secondsOf(changedAt(task)),
    status_count: [task.createdAt, task.startedAt, task.finishedAt].filter(Boolean).length,
    last_line: line,
    ...(summary && { summary }),
    ...(task.error && task.state === 'FAILED' && { error: task.error.message }),
  };
}

/**
 * Tasks that changed. One that was dismissed is named in `deleted_tasks`, and shown only where that has cancelled it,
 * so that who does not know the key learns of its end: clients put what they are shown on their list.
 */
export function toWireChanges(
  tasks: readonly WireTaskFragment[],
  at: { base: string; now: Date },
): { tasks: object[]; deleted_tasks?: string[] } {
  const gone = tasks.filter(({ dismissedAt }) => dismissedAt !== null);
  const shown = tasks.filter(({ dismissedAt, state }) => dismissedAt === null || state === 'CANCELLED');
  return {
    tasks: shown.map((task) => toWireTask(task, at)),
    ...(gone.length > 0 && { deleted_tasks: gone.map(({ id }) => wireIdOf(id)) }),
  };
}

export interface WireCounts {
  task_counts: Record<string, number>;
  active_tasks: number;
  all_tasks_count: number;
}

/** Each task is in one of the counts: `active` are those at work, `active_tasks` all that have not ended. */
export function toWireCounts(counts: WireCountsFragment): WireCounts {
  const { running, retrying, completed, failed, cancelled, skipped } = counts;
  const queued = counts.queued + counts.paused;
  const active = running + queued + retrying;
  return {
    task_counts: { active: running, queued, completed, error: failed, cancelled, retrying, skipped },
    active_tasks: active,
    all_tasks_count: active + completed + failed + cancelled + skipped,
  };
}

export const LIVE_STATES: TaskState[] = ['QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'];
export const ENDED_STATES: TaskState[] = ['COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED'];
