import type { Task, TaskKind, TaskState } from '../database/prisma.js';

export type { Task, TaskKind, TaskState };

/** The allowed transitions. FAILED or CANCELLED to QUEUED is a manual retry. */
const TRANSITIONS: Record<TaskState, readonly TaskState[]> = {
  QUEUED: ['RUNNING', 'PAUSED', 'CANCELLED'],
  RUNNING: ['COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED', 'RETRYING', 'QUEUED'],
  RETRYING: ['QUEUED', 'PAUSED', 'CANCELLED'],
  PAUSED: ['QUEUED', 'CANCELLED'],
  COMPLETED: [],
  SKIPPED: [],
  FAILED: ['QUEUED'],
  CANCELLED: ['QUEUED'],
};

/** Further transitions of a parent: its state follows its children's, and it can be paused while it is expanded. */
const PARENT_TRANSITIONS: Partial<Record<TaskState, readonly TaskState[]>> = {
  RUNNING: ['PAUSED'],
  PAUSED: ['RUNNING', 'COMPLETED', 'SKIPPED', 'FAILED'],
  COMPLETED: ['RUNNING', 'PAUSED'],
  SKIPPED: ['RUNNING', 'PAUSED'],
  FAILED: ['RUNNING', 'PAUSED'],
  CANCELLED: ['RUNNING', 'PAUSED'],
};

export const TASK_STATES = Object.keys(TRANSITIONS) as TaskState[];
export const ACTIVE_STATES: readonly TaskState[] = ['QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'];
export const FINISHED_STATES: readonly TaskState[] = ['COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED'];

export function isFinished(state: TaskState): boolean {
  return FINISHED_STATES.includes(state);
}

/** The states from which a task may move to `next`: the `state IN (…)` of the update. */
export function statesBefore(next: TaskState): TaskState[] {
  return TASK_STATES.filter((state) => TRANSITIONS[state].includes(next));
}

/** The same for a parent. */
export function parentStatesBefore(next: TaskState): TaskState[] {
  return TASK_STATES.filter((state) =>
    [...TRANSITIONS[state], ...(PARENT_TRANSITIONS[state] ?? [])].includes(next),
  );
}

/** Kinds that have children. */
export const PARENT_KINDS: readonly TaskKind[] = ['ALBUM', 'PLAYLIST', 'ARTIST'];

export function isParentKind(kind: TaskKind): boolean {
  return PARENT_KINDS.includes(kind);
}

/** Priorities range from minus this to this; higher starts first. */
export const PRIORITY_LIMIT = 100;

/** Whether a parent completed although some of its children failed or were cancelled. */
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

export interface ActiveCounts {
  active: number;
  /** Of the active ones. */
  paused: number;
}

/**
 * The state of an expanded parent. A finished one keeps its state until a child is active again: a parent that was
 * cancelled stays CANCELLED, even if some of its children had completed.
 */
export function parentState(
  now: TaskState,
  { active, paused, ...counts }: ChildCounts & ActiveCounts,
): TaskState {
  if (active > 0) return paused === active ? 'PAUSED' : 'RUNNING';
  return isFinished(now) ? now : parentOutcome(counts);
}

/** The state of a parent whose children have all finished. A partial success is COMPLETED with `failed` > 0. */
export function parentOutcome(counts: ChildCounts): TaskState {
  if (counts.total > 0 && counts.cancelled === counts.total) return 'CANCELLED';
  if (counts.succeeded > 0 || counts.total === 0) return 'COMPLETED';
  if (counts.failed > 0 && counts.skipped === 0) return 'FAILED';
  return counts.failed > 0 ? 'COMPLETED' : 'SKIPPED';
}
