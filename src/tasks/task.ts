import type { Task, TaskKind, TaskState } from '../database/prisma.js';

export type { Task, TaskKind, TaskState };

/** The one table of what may follow what. QUEUED after an end is a retry by hand. */
const FOLLOWERS: Record<TaskState, readonly TaskState[]> = {
  QUEUED: ['RUNNING', 'PAUSED', 'CANCELLED'],
  RUNNING: ['COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED', 'RETRYING', 'QUEUED'],
  RETRYING: ['QUEUED', 'PAUSED', 'CANCELLED'],
  PAUSED: ['QUEUED', 'CANCELLED'],
  COMPLETED: [],
  SKIPPED: [],
  FAILED: ['QUEUED'],
  CANCELLED: ['QUEUED'],
};

/** The further ways of a list: it follows its parts, and one whose parts are still being written can be paused. */
const LIST_FOLLOWERS: Partial<Record<TaskState, readonly TaskState[]>> = {
  RUNNING: ['PAUSED'],
  PAUSED: ['RUNNING', 'COMPLETED', 'SKIPPED', 'FAILED'],
  COMPLETED: ['RUNNING', 'PAUSED'],
  SKIPPED: ['RUNNING', 'PAUSED'],
  FAILED: ['RUNNING', 'PAUSED'],
  CANCELLED: ['RUNNING', 'PAUSED'],
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

/** The same for a list. */
export function listStatesBefore(next: TaskState): TaskState[] {
  return TASK_STATES.filter((state) =>
    [...FOLLOWERS[state], ...(LIST_FOLLOWERS[state] ?? [])].includes(next),
  );
}

/** Kinds that are a list of others. */
export const PARENT_KINDS: readonly TaskKind[] = ['ALBUM', 'PLAYLIST', 'ARTIST'];

export function isParentKind(kind: TaskKind): boolean {
  return PARENT_KINDS.includes(kind);
}

/** Priorities go from minus this to this; higher goes first. */
export const PRIORITY_LIMIT = 100;

/** Whether a list ended well although some of it did not. */
export function isPartial({
  state,
  failed,
  cancelled,
}: Pick<Task, 'state' | 'failed' | 'cancelled'>): boolean {
  return state === 'COMPLETED' && failed + cancelled > 0;
}

export interface ChildCounts {
  total: number;
  succeeded: number;
  skipped: number;
  failed: number;
  cancelled: number;
}

export interface LiveCounts {
  live: number;
  /** Of the live ones. */
  paused: number;
}

/**
 * The state of a list whose parts are all written, by how they stand. One that has ended stays as it ended until a
 * part of it is live again: cancelled by hand, it is CANCELLED whatever of it was done before.
 */
export function parentState(
  now: TaskState,
  { live, paused, ...counts }: ChildCounts & LiveCounts,
): TaskState {
  if (live > 0) return paused === live ? 'PAUSED' : 'RUNNING';
  return isTerminal(now) ? now : parentOutcome(counts);
}

/** The state in which a parent ends once none of its children is live. Partial success is COMPLETED with `failed` > 0. */
export function parentOutcome(counts: ChildCounts): TaskState {
  if (counts.total > 0 && counts.cancelled === counts.total) return 'CANCELLED';
  if (counts.succeeded > 0 || counts.total === 0) return 'COMPLETED';
  if (counts.failed > 0 && counts.skipped === 0) return 'FAILED';
  return counts.failed > 0 ? 'COMPLETED' : 'SKIPPED';
}
