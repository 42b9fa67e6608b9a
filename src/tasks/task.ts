import type { Task, TaskKind, TaskState } from '../store/rows.js';

export type { Task, TaskKind, TaskState };

/** The one table of what may follow what. QUEUED after an end is a retry by hand; RUNNING after one, a parent's. */
const FOLLOWERS: Record<TaskState, readonly TaskState[]> = {
  QUEUED: ['RUNNING', 'PAUSED', 'CANCELLED'],
  RUNNING: ['COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED', 'RETRYING', 'QUEUED'],
  RETRYING: ['QUEUED', 'PAUSED', 'CANCELLED'],
  PAUSED: ['QUEUED', 'CANCELLED'],
  COMPLETED: ['RUNNING'],
  SKIPPED: ['RUNNING'],
  FAILED: ['QUEUED', 'RUNNING'],
  CANCELLED: ['QUEUED', 'RUNNING'],
};

export const TASK_STATES = Object.keys(FOLLOWERS) as TaskState[];
export const LIVE_STATES: readonly TaskState[] = ['QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'];
export const TERMINAL_STATES: readonly TaskState[] = ['COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED'];

export function isTerminal(state: TaskState): boolean {
  return TERMINAL_STATES.includes(state);
}

/** The states from which a task may go to `next`: the `state IN (…)` of the update that takes it there. */
export function statesBefore(next: TaskState): TaskState[] {
  return TASK_STATES.filter((state) => FOLLOWERS[state].includes(next));
}

/** Whether a task of this kind is a list of others. */
export function isParentKind(kind: TaskKind): boolean {
  return kind === 'ALBUM' || kind === 'PLAYLIST' || kind === 'ARTIST';
}

export interface ChildCounts {
  total: number;
  succeeded: number;
  skipped: number;
  failed: number;
  cancelled: number;
}

/** The state in which a parent ends once none of its children is live. Partial success is COMPLETED with `failed` > 0. */
export function parentOutcome(counts: ChildCounts): TaskState {
  if (counts.total > 0 && counts.cancelled === counts.total) return 'CANCELLED';
  if (counts.succeeded > 0 || counts.total === 0) return 'COMPLETED';
  if (counts.failed > 0 && counts.skipped === 0) return 'FAILED';
  return counts.failed > 0 ? 'COMPLETED' : 'SKIPPED';
}
