import type {
  RestTaskChildFragment,
  RestTaskCountsFragment,
  RestTaskFragment,
  TaskState,
} from '../../generated/documents/graphql.js';
import { RestFailure, toFailure, type UnionFailure } from '../errors.js';
import { plainIdOf } from '../plain-id.js';
import { withRestNames } from '../setting-names.js';

type ParentTask = Pick<RestTaskFragment, 'kind' | 'title' | 'artists' | 'total'>;
type TaskItem = Pick<RestTaskChildFragment, 'kind' | 'title' | 'artists'> & { album?: string | null };
type SimpleStatus = Pick<RestTaskFragment, 'state' | 'kind' | 'total'>;
type TaskProgress = Pick<RestTaskChildFragment, 'state' | 'progress'>;
type TaskStatus = Pick<RestTaskChildFragment, 'state' | 'progress' | 'attempt' | 'retryAt' | 'problem'>;

/** `parent` and `file` are absent from documents that list tasks. */
type TaskWithParent = RestTaskFragment & { parent?: ParentTask | null; file?: { path: string } | null };

interface StatusInfo {
  status: string;
  progress: number;
  [more: string]: unknown;
}

export const ACTIVE_STATES: TaskState[] = ['QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'];
export const FINISHED_STATES: TaskState[] = ['COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED'];

const UNKNOWN_ERROR = 'Unknown error.';
const FILE_EXISTS = 'The file already exists.';
const MAX_REASONS = 3;
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Throws RestFailure 404, not 400: clients may send any text as a task's id. */
export function requireTaskId(task_id: string, message = 'Task not found'): string {
  if (!UUID.test(task_id)) throw new RestFailure(404, message, { task_id });
  return task_id;
}

export function taskNotFound(task_id: string): RestFailure {
  return new RestFailure(404, 'Task not found', { task_id });
}

export function toDuplicateFailure(
  { message, existingTask }: { message: string; existingTask: { id: string } },
  facts: { task_id?: string } = {},
): RestFailure {
  const existing_task = plainIdOf(existingTask.id);
  return new RestFailure(409, 'Duplicate download detected.', { details: message, existing_task, ...facts });
}

/** Members of a result union other than its success. */
export type TaskActionFailure = UnionFailure & { existingTask?: { id: string } };

/** The only invalid input of these mutations is an id that no task can have. */
export function toTaskFailure(result: TaskActionFailure, task_id: string): RestFailure {
  const { existingTask } = result;
  if (existingTask) return toDuplicateFailure({ ...result, existingTask }, { task_id });
  const { status, message } = toFailure(result);
  return status === 404 || status === 400
    ? taskNotFound(task_id)
    : new RestFailure(status, message, { task_id });
}

export function serializeCancelled({ id }: { id: string }): object {
  return { status: 'cancelled', task_id: plainIdOf(id) };
}

/** `playlist` for `Playlist:demo:first-watch` */
function typeOfId(nodeId: string): string {
  return nodeId.split(':', 1).join().toLowerCase();
}

export function serializeTask(task: TaskWithParent, { base, now }: { base: string; now: Date }): object {
  const id = plainIdOf(task.id);
  const type = task.kind.toLowerCase();
  // A check is about the playlist or artist.
  const downloadType = task.kind === 'WATCH_CHECK' ? typeOfId(task.item?.id ?? type) : type;
  const { status, last_line } = serializeStatus(task, now);
  const summary = serializeSummary(task);
  return {
    task_id: id,
    // Clients take the item's id from the last segment; a task whose item is gone from the catalog has none.
    original_url: `${base}/${downloadType}/download/${task.item ? plainIdOf(task.item.id) : id}`,
    name: task.title,
    artist: task.artists.join(', '),
    type,
    download_type: type,
    status,
    progress: task.progress,
    created_at: toUnixSeconds(task.createdAt),
    timestamp: changedAt(task),
    status_count: [task.createdAt, task.startedAt, task.finishedAt].filter(Boolean).length,
    last_line,
    ...(summary && { summary }),
    ...(task.error && task.state === 'FAILED' && { error: withRestNames(task.error.message) }),
    ...(task.finishedAt && task.file !== undefined && serializeEnd(task, task.file)),
  };
}

/** Where the file is, or why no file was made. */
function serializeEnd(task: RestTaskFragment, file: { path: string } | null): object {
  const { state, error } = task;
  const problem = error?.message ?? findSkipReason(task);
  const reasons = { FAILED: UNKNOWN_ERROR, SKIPPED: FILE_EXISTS, CANCELLED: 'The download was canceled.' };
  const isDone = state !== 'FAILED' && state !== 'SKIPPED' && state !== 'CANCELLED';
  return {
    final_path: file?.path ?? null,
    terminal_reason: isDone ? null : withRestNames(problem ?? reasons[state]),
  };
}

/**
 * Clients add every task in `tasks` to their list, so a dismissed one is only named in `deleted_tasks`. It is in both
 * when the dismissal canceled it: clients that ignore `deleted_tasks` then still see it end.
 */
export function serializeChanges(
  tasks: readonly RestTaskFragment[],
  at: { base: string; now: Date },
): { tasks: object[]; deleted_tasks?: string[] } {
  const dismissed = tasks.filter(({ dismissedAt }) => dismissedAt !== null);
  const shown = tasks.filter(({ dismissedAt, state }) => dismissedAt === null || state === 'CANCELLED');
  return {
    tasks: shown.map((task) => serializeTask(task, at)),
    ...(dismissed.length > 0 && { deleted_tasks: dismissed.map(({ id }) => plainIdOf(id)) }),
  };
}

interface TaskCounts {
  task_counts: Record<string, number>;
  active_tasks: number;
  all_tasks_count: number;
}

/** `task_counts.active` counts running tasks only; `active_tasks` counts all that have not finished. */
export function serializeCounts(counts: RestTaskCountsFragment): TaskCounts {
  const { running, retrying, completed, failed, cancelled, skipped } = counts;
  const queued = counts.queued + counts.paused;
  const active = running + queued + retrying;
  return {
    task_counts: { active: running, queued, completed, error: failed, cancelled, retrying, skipped },
    active_tasks: active,
    all_tasks_count: active + completed + failed + cancelled + skipped,
  };
}

/** With fractions. */
export function toUnixSeconds(iso: string): number {
  return Date.parse(iso) / 1000;
}

/** A parent changes with the child that runs. The times are ISO 8601 in UTC, which sort as text. */
function changedAt({ updatedAt, currentChild: current }: RestTaskFragment): number {
  return toUnixSeconds(current && current.updatedAt > updatedAt ? current.updatedAt : updatedAt);
}

/** `status` repeats the one in `last_line`. */
function serializeStatus(task: TaskWithParent, now: Date): { status: string; last_line: object } {
  const timestamp = changedAt(task);
  const status = findSimpleStatus(task);
  if (status) {
    const line = { type: task.kind.toLowerCase(), name: task.title, artist: task.artists.join(', ') };
    return { status, last_line: { status, timestamp, ...line } };
  }
  const line = task.currentChild
    ? serializeChildLine(task, task.currentChild, now)
    : serializeOwnLine(task, now);
  return { status: line.status_info.status, last_line: { timestamp, ...line } };
}

/** These statuses have a line without an item. A parent without known children is being processed. */
function findSimpleStatus({ state, kind, total }: SimpleStatus): string | null {
  if (state === 'QUEUED' || state === 'PAUSED') return 'queued';
  if (state === 'CANCELLED') return 'cancelled';
  return state === 'RUNNING' && kind !== 'TRACK' && total === 0 ? 'processing' : null;
}

/** The line of a running parent shows the child that runs. */
function serializeChildLine(parent: RestTaskFragment, child: RestTaskChildFragment, now: Date) {
  return {
    [child.kind.toLowerCase()]: serializeItem(child),
    status_info: serializeStatusInfo(child, now),
    current_track: child.number,
    ...serializeParent(parent),
  };
}

function serializeOwnLine(task: TaskWithParent, now: Date) {
  const info = serializeStatusInfo({ ...task, problem: task.error?.message ?? findSkipReason(task) }, now);
  const summary = serializeSummary(task);
  return {
    [task.kind.toLowerCase()]: serializeItem(task),
    status_info: summary ? { ...info, summary } : info,
    ...(task.parent && serializeParent(task.parent)),
    // The album of an artist is a child and a parent: its own count of tracks replaces the artist's.
    ...(task.total > 0 && { total_tracks: task.total }),
  };
}

/** Null when all children were skipped because their files exist. */
function findSkipReason({ state, outcomes }: RestTaskFragment): string | null {
  if (state !== 'SKIPPED') return null;
  const reasons = outcomes.flatMap(({ problem }) => problem ?? []);
  if (reasons.length === 0) return null;
  const more = reasons.length > MAX_REASONS ? [`And ${reasons.length - MAX_REASONS} more.`] : [];
  return [...reasons.slice(0, MAX_REASONS), ...more].join(' ');
}

function serializeParent(parent: ParentTask) {
  return { total_tracks: parent.total, parent: { ...serializeItem(parent), total_tracks: parent.total } };
}

function serializeStatusInfo(task: TaskStatus, now: Date): StatusInfo {
  const { state, progress, attempt, retryAt } = task;
  const problem = task.problem && withRestNames(task.problem);
  const status = statusWordOf(task);
  switch (state) {
    case 'COMPLETED':
      return { status, progress: 100 };
    case 'SKIPPED':
      return { status, progress: 100, reason: problem ?? FILE_EXISTS };
    case 'FAILED':
      return { status, progress, error: problem ?? UNKNOWN_ERROR };
    case 'RETRYING':
      return {
        ...{ status, progress, error: problem ?? '' },
        ...{ seconds_left: secondsUntil(retryAt, now), retry_count: attempt },
      };
    case 'CANCELLED':
    case 'QUEUED':
    case 'PAUSED':
    case 'RUNNING':
      return { status, progress };
  }
}

/** As history repeats it. */
export function statusOf(task: SimpleStatus & TaskProgress): string {
  return findSimpleStatus(task) ?? statusWordOf(task);
}

function statusWordOf({ state, progress }: TaskProgress): string {
  switch (state) {
    case 'COMPLETED':
      return 'done';
    case 'SKIPPED':
      return 'skipped';
    case 'FAILED':
      return 'error';
    case 'RETRYING':
      return 'retrying';
    case 'CANCELLED':
      return 'cancelled';
    case 'QUEUED':
    case 'PAUSED':
    case 'RUNNING':
      return progress > 0 ? 'real-time' : 'initializing';
  }
}

/** Null for a track, and for a parent that has not finished. */
function serializeSummary(task: RestTaskFragment): object | null {
  if (!task.finishedAt || task.kind === 'TRACK') return null;
  const children = (state: TaskState) => task.outcomes.filter((child) => child.state === state);
  return {
    total_successful: task.succeeded,
    total_skipped: task.skipped,
    total_failed: task.failed,
    successful_tracks: children('COMPLETED').map(serializeItem),
    skipped_tracks: children('SKIPPED').map(serializeItem),
    failed_tracks: children('FAILED').map((child) => ({
      track: serializeItem(child),
      reason: withRestNames(child.problem ?? UNKNOWN_ERROR),
    })),
  };
}

function serializeItem({ kind, title, artists, album }: TaskItem): object {
  const type = kind.toLowerCase();
  if (kind === 'PLAYLIST') return { type, title, owner: { name: artists[0] ?? '' } };
  const people = artists.map((name) => ({ name }));
  return { type, title, artists: people, ...(album && { album: { title: album } }) };
}

function secondsUntil(iso: string | null, now: Date): number {
  return iso ? Math.max(0, Math.ceil((Date.parse(iso) - now.getTime()) / 1000)) : 0;
}
