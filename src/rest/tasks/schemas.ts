import { z } from 'zod';

const kindShape = z.enum(['track', 'album', 'playlist', 'artist', 'watch_check']);
const nameShape = z.object({ name: z.string() });

/** A track or a list as a status line names it. */
const shownShape = z
  .object({
    type: kindShape,
    title: z.string(),
    artists: z.array(nameShape).optional(),
    owner: nameShape.optional(),
    album: z.object({ title: z.string() }).optional(),
    total_tracks: z.int().optional(),
  })
  .meta({ id: 'ShownItem' });

export const summaryShape = z
  .object({
    total_successful: z.int(),
    total_skipped: z.int(),
    total_failed: z.int(),
    successful_tracks: z.array(shownShape),
    skipped_tracks: z.array(shownShape),
    failed_tracks: z.array(z.object({ track: shownShape, reason: z.string() })),
  })
  .meta({ id: 'Summary', description: 'How a list ended.' });

const bareLineShape = z.object({
  status: z.enum(['queued', 'processing', 'cancelled']),
  timestamp: z.number(),
  type: kindShape,
  name: z.string(),
  artist: z.string(),
});

const statusInfoShape = z.object({
  status: z.enum(['initializing', 'real-time', 'retrying', 'skipped', 'error', 'done', 'cancelled']),
  progress: z.number().min(0).max(100),
  error: z.string().optional(),
  reason: z.string().optional(),
  seconds_left: z.int().optional(),
  retry_count: z.int().optional(),
  summary: summaryShape.optional(),
});

const itemLineShape = z.object({
  timestamp: z.number(),
  track: shownShape.optional(),
  album: shownShape.optional(),
  playlist: shownShape.optional(),
  artist: shownShape.optional(),
  status_info: statusInfoShape,
  current_track: z.int().nullable().optional(),
  total_tracks: z.int().optional(),
  parent: shownShape.optional(),
});

export const taskShape = z
  .object({
    task_id: z.uuid(),
    original_url: z.url().meta({ description: 'Its last part is the id of the item.' }),
    name: z.string(),
    artist: z.string(),
    type: kindShape,
    download_type: kindShape,
    status: z.string().meta({ description: 'The status in `last_line`.' }),
    progress: z.number().min(0).max(100),
    created_at: z.number().meta({ description: 'Unix seconds.' }),
    timestamp: z.number().meta({ description: 'Unix seconds, of its last change.' }),
    status_count: z.int(),
    last_line: z
      .union([bareLineShape, itemLineShape])
      .meta({ description: 'A bare status, or the item with how it stands.' }),
    summary: summaryShape.optional(),
    error: z.string().optional(),
  })
  .meta({ id: 'Task' });

/** With tasks that changed. */
export const deletedShape = z
  .array(z.uuid())
  .optional()
  .meta({ description: 'Tasks that were taken off the lists; shown in `tasks` only where that ended them.' });

/** With every list of tasks. */
export const countsShape = {
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
    .meta({ id: 'TaskCounts', description: 'Of all tasks that the caller may see.' }),
  active_tasks: z.int().meta({ description: 'All that have not ended.' }),
  all_tasks_count: z.int(),
};
