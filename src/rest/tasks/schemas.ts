import { z } from 'zod';
import { count, ordinal, percent, seconds } from '../response-schemas.js';

const kindSchema = z
  .enum(['track', 'album', 'playlist', 'artist', 'watch_check'])
  .meta({ id: 'TaskType', description: 'What a task downloads or does.' });
const nameSchema = z
  .object({ name: z.string() })
  .meta({ id: 'PersonName', description: 'An artist or owner by name alone.' });
const titleSchema = z
  .object({ title: z.string() })
  .meta({ id: 'AlbumTitle', description: 'An album by title alone.' });

/** The item of a task as `last_line` and summaries name it. */
const itemSchema = z
  .object({
    type: kindSchema,
    title: z.string(),
    artists: z.array(nameSchema).optional(),
    owner: nameSchema.optional(),
    album: titleSchema.optional(),
    total_tracks: count.optional(),
  })
  .meta({ id: 'TaskItem', description: 'The item of a task, as its lines and summaries name it.' });

const failedTrackSchema = z
  .object({ track: itemSchema, reason: z.string() })
  .meta({ id: 'FailedTrack', description: 'A child that failed, and why.' });

const summarySchema = z
  .object({
    total_successful: count,
    total_skipped: count,
    total_failed: count,
    successful_tracks: z.array(itemSchema),
    skipped_tracks: z.array(itemSchema),
    failed_tracks: z.array(failedTrackSchema),
  })
  .meta({ id: 'TaskSummary', description: 'Result of a finished album, playlist or artist.' });

const plainStatuses = ['queued', 'processing', 'cancelled'] as const;
const detailedStatuses = ['initializing', 'real-time', 'retrying', 'skipped', 'error', 'done'] as const;

/** Of a task, wherever it is shown. */
export const statusWordSchema = z
  .enum([...plainStatuses, ...detailedStatuses])
  .meta({ id: 'TaskStatus', description: 'The status of a task, as `/prgs/{task_id}` shows it.' });

const simpleLineSchema = z
  .object({
    status: z.enum(plainStatuses),
    timestamp: seconds,
    type: kindSchema,
    name: z.string(),
    artist: z.string(),
  })
  .meta({ id: 'TaskPlainLine', description: 'The state of a task that waits or was canceled.' });

const statusInfoSchema = z
  .object({
    status: z.enum([...detailedStatuses, 'cancelled']),
    progress: percent,
    error: z.string().optional(),
    reason: z.string().optional(),
    seconds_left: count.optional().meta({ description: 'Until the next attempt.' }),
    retry_count: count.optional(),
    summary: summarySchema.optional(),
  })
  .meta({ id: 'TaskStatusInfo', description: 'The detailed status of a task.' });

const detailedLineSchema = z
  .object({
    timestamp: seconds,
    track: itemSchema.optional(),
    album: itemSchema.optional(),
    playlist: itemSchema.optional(),
    artist: itemSchema.optional(),
    status_info: statusInfoSchema,
    current_track: ordinal.nullable().optional(),
    total_tracks: count.optional(),
    parent: itemSchema.optional(),
  })
  .meta({ id: 'TaskDetailedLine', description: 'The item that a task is at, and its detailed status.' });

export const taskSchema = z
  .object({
    task_id: z.uuid(),
    original_url: z.url().meta({ description: 'Ends with the id of the item.' }),
    name: z.string(),
    artist: z.string(),
    type: kindSchema,
    download_type: kindSchema,
    status: z.string().meta({ description: 'The status in `last_line`.' }),
    progress: percent,
    created_at: seconds.meta({ description: 'Unix seconds.' }),
    timestamp: seconds.meta({ description: 'Unix seconds of the last change.' }),
    status_count: count,
    last_line: z
      .union([simpleLineSchema, detailedLineSchema])
      .meta({ description: 'Either a plain status, or the item with its detailed status.' }),
    summary: summarySchema.optional(),
    error: z.string().optional(),
    final_path: z.string().nullable().optional().meta({
      description:
        'Path of the file on the server. Only of one finished task that is asked for; null without a file.',
    }),
    terminal_reason: z.string().nullable().optional().meta({
      description: 'Why a finished task failed, was skipped or was canceled; null if it succeeded.',
    }),
  })
  .meta({ id: 'Task', description: 'A download or check, and how far it is.' });

const countsSchema = {
  task_counts: z
    .object({
      active: count,
      queued: count,
      completed: count,
      error: count,
      cancelled: count,
      retrying: count,
      skipped: count,
    })
    .meta({ id: 'TaskCounts', description: 'Counts all tasks that the caller may see, by status.' }),
  active_tasks: count.meta({ description: 'All tasks that have not finished.' }),
  all_tasks_count: count,
};

const changesSchema = {
  tasks: z.array(taskSchema),
  deleted_tasks: z.array(z.uuid()).optional().meta({
    description: 'Tasks removed from the list. `tasks` has them only if the removal canceled them.',
  }),
};

const listPaginationSchema = z
  .object({
    page: ordinal,
    limit: ordinal,
    total_items: count,
    total_pages: count,
    has_more: z.boolean(),
    active_tasks: count,
    total_other_tasks: count,
  })
  .meta({ id: 'TaskListPagination', description: 'Where the page lies in the list of tasks.' });

export const taskListSchema = z
  .object({
    tasks: z.array(taskSchema),
    pagination: listPaginationSchema,
    total_tasks: count,
    ...countsSchema,
    timestamp: seconds,
  })
  .meta({ id: 'TaskList', description: 'One page of the list of tasks.' });

const updatesPaginationSchema = z
  .object({
    page: ordinal,
    limit: ordinal,
    total_non_active: count,
    has_more: z.boolean(),
    returned_non_active: count,
  })
  .meta({ id: 'TaskUpdatesPagination', description: 'Where the page lies among the finished tasks.' });

export const taskUpdatesSchema = z
  .object({
    ...changesSchema,
    current_timestamp: z
      .number()
      .nonnegative()
      .meta({ description: 'Unix seconds. Send it as `since` in the next request to miss no change.' }),
    since_timestamp: seconds.optional(),
    total_tasks: count,
    ...countsSchema,
    updated_count: count,
    pagination: updatesPaginationSchema,
  })
  .meta({ id: 'TaskUpdates', description: 'Tasks that have changed, or a first page of them.' });

export const taskStreamSchema = z
  .object({
    change_type: z.enum(['update', 'heartbeat']),
    ...changesSchema,
    ...countsSchema,
    current_timestamp: seconds.meta({ description: 'Unix seconds.' }),
    initial: z.literal(true).optional().meta({ description: 'Only in the first message.' }),
  })
  .meta({ id: 'TaskStreamMessage', description: 'The data of one event of `/prgs/stream`.' });

export const cancelledSchema = z
  .object({ status: z.literal('cancelled'), task_id: z.uuid() })
  .meta({ id: 'CancelledTask', description: 'The task that was canceled.' });

export const messageSchema = z
  .strictObject({ message: z.string() })
  .meta({ id: 'Message', description: 'What was done, in a sentence.' });

export const cancelledAllSchema = z
  .object({
    message: z.string(),
    cancelled_count: count,
    errors: z.array(z.string()).meta({ description: 'Always empty: kept for existing clients.' }),
  })
  .meta({ id: 'CancelledTasks', description: 'How many tasks were canceled.' });
