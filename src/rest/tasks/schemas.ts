import { z } from 'zod';

const kindSchema = z.enum(['track', 'album', 'playlist', 'artist', 'watch_check']);
const nameSchema = z.object({ name: z.string() });

/** The item of a task as `last_line` and summaries name it. */
const itemSchema = z
  .object({
    type: kindSchema,
    title: z.string(),
    artists: z.array(nameSchema).optional(),
    owner: nameSchema.optional(),
    album: z.object({ title: z.string() }).optional(),
    total_tracks: z.int().optional(),
  })
  .meta({ id: 'TaskItem' });

const summarySchema = z
  .object({
    total_successful: z.int(),
    total_skipped: z.int(),
    total_failed: z.int(),
    successful_tracks: z.array(itemSchema),
    skipped_tracks: z.array(itemSchema),
    failed_tracks: z.array(z.object({ track: itemSchema, reason: z.string() })),
  })
  .meta({ id: 'TaskSummary', description: 'Result of a finished album, playlist or artist.' });

const simpleLineSchema = z.object({
  status: z.enum(['queued', 'processing', 'cancelled']),
  timestamp: z.number(),
  type: kindSchema,
  name: z.string(),
  artist: z.string(),
});

const statusInfoSchema = z.object({
  status: z.enum(['initializing', 'real-time', 'retrying', 'skipped', 'error', 'done', 'cancelled']),
  progress: z.number().min(0).max(100),
  error: z.string().optional(),
  reason: z.string().optional(),
  seconds_left: z.int().optional(),
  retry_count: z.int().optional(),
  summary: summarySchema.optional(),
});

const detailedLineSchema = z.object({
  timestamp: z.number(),
  track: itemSchema.optional(),
  album: itemSchema.optional(),
  playlist: itemSchema.optional(),
  artist: itemSchema.optional(),
  status_info: statusInfoSchema,
  current_track: z.int().nullable().optional(),
  total_tracks: z.int().optional(),
  parent: itemSchema.optional(),
});

export const taskSchema = z
  .object({
    task_id: z.uuid(),
    original_url: z.url().meta({ description: 'Ends with the id of the item.' }),
    name: z.string(),
    artist: z.string(),
    type: kindSchema,
    download_type: kindSchema,
    status: z.string().meta({ description: 'The status in `last_line`.' }),
    progress: z.number().min(0).max(100),
    created_at: z.number().meta({ description: 'Unix seconds.' }),
    timestamp: z.number().meta({ description: 'Unix seconds of the last change.' }),
    status_count: z.int(),
    last_line: z
      .union([simpleLineSchema, detailedLineSchema])
      .meta({ description: 'Either a plain status, or the item with its detailed status.' }),
    summary: summarySchema.optional(),
    error: z.string().optional(),
  })
  .meta({ id: 'Task' });

const countsSchema = {
  task_counts: z
    .object({
      active: z.int(),
      queued: z.int(),
      completed: z.int(),
      error: z.int(),
      cancelled: z.int(),
      retrying: z.int(),
      skipped: z.int(),
    })
    .meta({ id: 'TaskCounts', description: 'Counts all tasks that the caller may see, by status.' }),
  active_tasks: z.int().meta({ description: 'All tasks that have not finished.' }),
  all_tasks_count: z.int(),
};

const changesSchema = {
  tasks: z.array(taskSchema),
  deleted_tasks: z.array(z.uuid()).optional().meta({
    description: 'Tasks removed from the list. `tasks` has them only if the removal cancelled them.',
  }),
};

export const taskListSchema = z.object({
  tasks: z.array(taskSchema),
  pagination: z.object({
    page: z.int(),
    limit: z.int(),
    total_items: z.int(),
    total_pages: z.int(),
    has_more: z.boolean(),
    active_tasks: z.int(),
    total_other_tasks: z.int(),
  }),
  total_tasks: z.int(),
  ...countsSchema,
  timestamp: z.number(),
});

export const taskUpdatesSchema = z.object({
  ...changesSchema,
  current_timestamp: z
    .number()
    .meta({ description: 'Send it as `since` in the next request to miss no change.' }),
  since_timestamp: z.number().optional(),
  total_tasks: z.int(),
  ...countsSchema,
  updated_count: z.int(),
  pagination: z.object({
    page: z.int(),
    limit: z.int(),
    total_non_active: z.int(),
    has_more: z.boolean(),
    returned_non_active: z.int(),
  }),
});

export const taskStreamSchema = z.object({
  change_type: z.enum(['update', 'heartbeat']),
  ...changesSchema,
  ...countsSchema,
  current_timestamp: z.number().meta({ description: 'Unix seconds.' }),
  initial: z.literal(true).optional().meta({ description: 'Only in the first message.' }),
});

export const cancelledSchema = z.object({ status: z.literal('cancelled'), task_id: z.uuid() });

export const cancelledAllSchema = z.object({
  message: z.string(),
  cancelled_count: z.int(),
  errors: z.array(z.string()),
});
