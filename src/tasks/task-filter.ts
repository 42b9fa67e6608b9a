import type { Task, TaskKind, TaskState } from './task.js';

/** What lists, live updates and the history share. An omitted property matches all. */
export interface RowFilter {
  /** As `searchWords` returns them. All must occur in title, artists or album. */
  words?: readonly string[] | null;
  ownerId?: string | null;
  errorCodes?: readonly string[] | null;
  createdSince?: Date | null;
  createdBefore?: Date | null;
  finishedSince?: Date | null;
  finishedBefore?: Date | null;
}

/** An omitted property matches all. */
export interface TaskFilter extends RowFilter {
  states?: readonly TaskState[] | null;
  kinds?: readonly TaskKind[] | null;
  ids?: readonly string[] | null;
  /** This task and all below it. */
  rootId?: string | null;
  parentId?: string | null;
  includeChildren?: boolean | null;
  includeDismissed?: boolean | null;
}

/** What the text of a task must contain: a word shorter than a trigram matches only the beginning of one. */
export function needleOf(word: string): string {
  return [...word].length < 3 ? ` ${word}` : word;
}

/** Conditions for which TaskCount keeps no sum. */
export function hasRowCondition(filter: RowFilter): boolean {
  const { words, errorCodes, createdSince, createdBefore, finishedSince, finishedBefore } = filter;
  return Boolean(words ?? errorCodes ?? createdSince ?? createdBefore ?? finishedSince ?? finishedBefore);
}

/** The same rule in memory that task-filter-store.ts writes in SQL. Only `rootId` needs the parent's parent. */
export function matchesFilter(filter: TaskFilter, task: Task, grandparentId: string | null): boolean {
  if (!filter.includeDismissed && task.dismissedAt) return false;
  if (filter.states && !filter.states.includes(task.state)) return false;
  if (filter.kinds && !filter.kinds.includes(task.kind)) return false;
  if (filter.ids && !filter.ids.includes(task.id)) return false;
  if (filter.rootId && ![task.id, task.parentId, grandparentId].includes(filter.rootId)) return false;
  if (!matchesRow(filter, task)) return false;
  if (filter.parentId) return task.parentId === filter.parentId;
  return Boolean(filter.includeChildren) || task.parentId === null;
}

function matchesRow(filter: RowFilter, task: Task): boolean {
  if (filter.words?.some((word) => !task.searchText.includes(needleOf(word)))) return false;
  if (filter.ownerId && task.ownerId !== filter.ownerId) return false;
  if (filter.errorCodes && !filter.errorCodes.includes(task.errorCode ?? '')) return false;
  return (
    isWithin(task.createdAt, filter.createdSince, filter.createdBefore) &&
    isWithin(task.finishedAt, filter.finishedSince, filter.finishedBefore)
  );
}

type Bound = Date | null | undefined;

function isWithin(time: Date | null, since: Bound, before: Bound): boolean {
  if (!since && !before) return true;
  return time !== null && (!since || time >= since) && (!before || time < before);
}
