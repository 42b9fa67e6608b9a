import type { Task, TaskKind, TaskState } from '../database/prisma.js';

export type { Task, TaskKind, TaskState };

/** FAILED or CANCELLED to QUEUED is a manual retry. */
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

/** A parent's state follows its children's, and it can be paused while it is expanded. */
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

export function statesBefore(next: TaskState): TaskState[] {
  return TASK_STATES.filter((state) => TRANSITIONS[state].includes(next));
}

export function parentStatesBefore(next: TaskState): TaskState[] {
  return TASK_STATES.filter((state) =>
    [...TRANSITIONS[state], ...(PARENT_TRANSITIONS[state] ?? [])].includes(next),
  );
}

export const PARENT_KINDS: readonly TaskKind[] = ['ALBUM', 'PLAYLIST', 'ARTIST', 'WATCH_CHECK'];

export function isParentKind(kind: TaskKind): boolean {
  return PARENT_KINDS.includes(kind);
}

/** Priorities range from minus this to this; higher starts first. */
export const PRIORITY_LIMIT = 100;

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

/** A finished parent keeps its state until a child is active again: CANCELLED stays, whatever completed. */
export function parentState(
  now: TaskState,
  { active, paused, ...counts }: ChildCounts & ActiveCounts,
): TaskState {
  if (active > 0) return paused === active ? 'PAUSED' : 'RUNNING';
  return isFinished(now) ? now : parentOutcome(counts);
}

/** A partial success is COMPLETED with `failed` > 0. */
export function parentOutcome(counts: ChildCounts): TaskState {
  if (counts.total > 0 && counts.cancelled === counts.total) return 'CANCELLED';
  if (counts.succeeded > 0 || counts.total === 0) return 'COMPLETED';
  if (counts.failed > 0 && counts.skipped === 0) return 'FAILED';
  return counts.failed > 0 ? 'COMPLETED' : 'SKIPPED';
}
