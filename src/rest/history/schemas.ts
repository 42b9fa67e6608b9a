import { z } from 'zod';
import { imageSchema } from '../catalog/schemas.js';

const seconds = z.number().nonnegative();
const words = z.array(z.string());
const status = z.enum(['completed', 'failed', 'skipped', 'in_progress', 'partial', 'cancelled']);

const common = {
  task_id: z.string(),
  title: z.string(),
  artists: words,
  status,
  timestamp: seconds.describe('Unix seconds when it finished, or else when it started.'),
  service: z.string().describe('The source of the file, or the catalog if there is no file.'),
  quality_format: z.string().nullable(),
  quality_bitrate: z.string().nullable().describe('Kilobits per second, for example `320k`.'),
  file_path: z.string().nullable(),
  external_ids: z.record(z.string(), z.string()),
  genres: words,
  explicit: z.boolean(),
  metadata: z.record(z.string(), z.unknown()),
  error: z.string().optional(),
};

export const downloadSchema = z
  .strictObject({
    ...common,
    download_type: z.enum(['track', 'album', 'playlist', 'artist']),
    url: z.string(),
    name: z.string(),
    artist: z.string(),
    created_at: z.iso.datetime(),
    completed_at: z.iso.datetime().nullable(),
    total_tracks: z.int(),
    successful_tracks: z.int(),
    failed_tracks: z.int(),
    skipped_tracks: z.int(),
    children_table: z.string().nullable().describe('Null for a track, otherwise the id of the task.'),
    release_date: z.string(),
    images: z.array(imageSchema),
    album_type: z.string().nullable(),
    duration_total_ms: z.number(),
    owner: z.string(),
  })
  .meta({ id: 'HistoryRow' });

const childSchema = z
  .strictObject({
    ...common,
    album_title: z.string(),
    duration_ms: z.number(),
    track_number: z.int().nullable(),
    disc_number: z.int().nullable(),
    isrc: z.string().nullable(),
    position: z.int().describe('Position in the parent, from 1.'),
  })
  .meta({ id: 'HistoryChild' });

export const downloadListSchema = z.strictObject({
  downloads: z.array(downloadSchema),
  pagination: z.strictObject({
    limit: z.int(),
    offset: z.int(),
    returned_count: z.int(),
    total_count: z.int(),
  }),
});

export const latestDownloadsSchema = z.strictObject({
  downloads: z.array(downloadSchema),
  count: z.int(),
  limit: z.int(),
});

export const searchSchema = z.strictObject({
  query: z.string(),
  results: z.array(downloadSchema),
  result_count: z.int(),
  limit: z.int(),
});

export const childrenSchema = z.strictObject({
  task_id: z.string(),
  download_type: z.enum(['album', 'playlist', 'artist']),
  title: z.string(),
  children_table: z.string(),
  tracks: z.array(childSchema),
  track_count: z.int(),
});

export const statsSchema = z.strictObject({
  by_type_and_status: z.record(z.string(), z.record(z.string(), z.int())),
  total_successful_tracks: z.int(),
  recent_downloads_7d: z.int(),
  total_bytes: z.number(),
});

export const cleanupSchema = z.strictObject({
  message: z.string(),
  deleted_records: z.int(),
  days_old: z.int(),
});
