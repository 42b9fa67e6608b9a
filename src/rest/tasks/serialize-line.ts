import type { TaskState, WirePartFragment, WireTaskFragment } from '../../generated/documents/graphql.js';

/** A task with the list that it is part of, where that was asked for. */
export type TaskToShow = WireTaskFragment & { parent?: ListToShow | null };
type ListToShow = Pick<WireTaskFragment, 'kind' | 'title' | 'artists' | 'total'>;
type Shown = Pick<WirePartFragment, 'kind' | 'title' | 'artists'> & { album?: string | null };

/** How one thing that is worked on stands. */
type Standing = Pick<WirePartFragment, 'state' | 'progress' | 'attempt' | 'retryAt' | 'problem'>;

/** What a client shows of a task: a bare status, or an item with how it stands. */
export interface StatusLine {
  timestamp: number;
  status?: string;
  status_info?: StatusInfo;
  [more: string]: unknown;
}

interface StatusInfo {
  status: string;
  progress: number;
  [more: string]: unknown;
}

const WHY_UNKNOWN = 'It failed.';
/** Of a list's parts, so many say why they were skipped. */
const MAX_WHYS = 3;

export function toStatusLine(task: TaskToShow, now: Date): StatusLine {
  const timestamp = secondsOf(changedAt(task));
  const status = bareStatusOf(task);
  if (status) {
    const { title: name, artists } = task;
    return { status, timestamp, type: wordOf(task.kind), name, artist: artists.join(', ') };
  }
  return { timestamp, ...(task.current ? lineOfPart(task, task.current, now) : lineOfWhole(task, now)) };
}

/** The status by one word, wherever the line has it. */
export function statusOf(line: StatusLine): string {
  return line.status ?? line.status_info?.status ?? '';
}

/** How a list ended; null for a track, and for a list that has not ended. */
export function summaryOf(task: WireTaskFragment): object | null {
  if (!task.finishedAt || task.kind === 'TRACK') return null;
  const parts = (state: TaskState) => task.outcomes.filter((part) => part.state === state);
  return {
    total_successful: task.succeeded,
    total_skipped: task.skipped,
    total_failed: task.failed,
    successful_tracks: parts('COMPLETED').map(shownAs),
    skipped_tracks: parts('SKIPPED').map(shownAs),
    failed_tracks: parts('FAILED').map((part) => ({
      track: shownAs(part),
      reason: part.problem ?? WHY_UNKNOWN,
    })),
  };
}

/** When this last changed, or for a list its part. ISO 8601 in UTC, which sorts as text. */
export function changedAt({ updatedAt, current }: WireTaskFragment): string {
  return current && current.updatedAt > updatedAt ? current.updatedAt : updatedAt;
}

/** Unix seconds, with fractions. */
export function secondsOf(iso: string): number {
  return Date.parse(iso) / 1000;
}

/** Names in GraphQL are upper case, on the wire lower. */
export function wordOf(name: string): string {
  return name.toLowerCase();
}

/** These have a line without an item. A list of which nothing is known yet is being processed. */
function bareStatusOf({ state, kind, total }: WireTaskFragment): string | null {
  if (state === 'QUEUED' || state === 'PAUSED') return 'queued';
  if (state === 'CANCELLED') return 'cancelled';
  return state === 'RUNNING' && kind !== 'TRACK' && total === 0 ? 'processing' : null;
}

/** A list at work is shown as the part that is worked on. */
function lineOfPart(list: WireTaskFragment, part: WirePartFragment, now: Date) {
  return {
    [wordOf(part.kind)]: shownAs(part),
    status_info: statusInfoOf(part, now),
    current_track: part.number,
    ...placeIn(list),
  };
}

function lineOfWhole(task: TaskToShow, now: Date) {
  const info = statusInfoOf({ ...task, problem: task.error?.message ?? whyPartsWereSkipped(task) }, now);
  const summary = summaryOf(task);
  return {
    [wordOf(task.kind)]: shownAs(task),
    status_info: summary ? { ...info, summary } : info,
    ...(task.parent && placeIn(task.parent)),
    // An artist's album has tracks of its own to count.
    ...(task.total > 0 && { total_tracks: task.total }),
  };
}

/** Of a list of which nothing had to be done: why, where that is not that the files were there. */
function whyPartsWereSkipped({ state, outcomes }: WireTaskFragment): string | null {
  if (state !== 'SKIPPED') return null;
  const whys = outcomes.flatMap(({ problem }) => problem ?? []);
  const more = whys.length > MAX_WHYS ? [`And so on, ${whys.length} in all.`] : [];
  return whys.length > 0 ? [...whys.slice(0, MAX_WHYS), ...more].join(' ') : null;
}

function placeIn(list: ListToShow) {
  return { total_tracks: list.total, parent: { ...shownAs(list), total_tracks: list.total } };
}

function statusInfoOf({ state, progress, attempt, retryAt, problem }: Standing, now: Date): StatusInfo {
  switch (state) {
    case 'COMPLETED':
      return { status: 'done', progress: 100 };
    case 'SKIPPED':
      return { status: 'skipped', progress: 100, reason: problem ?? 'The file was there already.' };
    case 'FAILED':
      return { status: 'error', progress, error: problem ?? WHY_UNKNOWN };
    case 'RETRYING': {
      const seconds_left = secondsUntil(retryAt, now);
      return { status: 'retrying', progress, error: problem ?? '', seconds_left, retry_count: attempt };
    }
    case 'CANCELLED':
      return { status: 'cancelled', progress };
    case 'QUEUED':
    case 'PAUSED':
    case 'RUNNING':
      return { status: progress > 0 ? 'real-time' : 'initializing', progress };
  }
}

function shownAs({ kind, title, artists, album }: Shown): object {
  const type = wordOf(kind);
  if (kind === 'PLAYLIST') return { type, title, owner: { name: artists[0] ?? '' } };
  const people = artists.map((name) => ({ name }));
  return { type, title, artists: people, ...(album && { album: { title: album } }) };
}

function secondsUntil(iso: string | null, now: Date): number {
  return iso ? Math.max(0, Math.ceil((Date.parse(iso) - now.getTime()) / 1000)) : 0;
}
