import { z } from 'zod';
import { imageShape } from '../catalog/image-schema.js';

const seconds = z.number().nonnegative();
const words = z.array(z.string());
const status = z.enum(['completed', 'failed', 'skipped', 'in_progress', 'partial', 'cancelled']);

const shared = {
  task_id: z.string(),
  title: z.string(),
  artists: words,
  status,
  timestamp: seconds.describe('Unix seconds of the end, or of the beginning of what has not ended.'),
  service: z.string().describe('The source of the file, or the catalogue where there is none.'),
  quality_format: z.string().nullable(),
  quality_bitrate: z.string().nullable().describe('For example `320k`.'),
  file_path: z.string().nullable(),
  external_ids: z.record(z.string(), z.string()),
  genres: words,
  explicit: z.boolean(),
  metadata: z.record(z.string(), z.unknown()),
  error: z.string().optional(),
};

/** A download in /history. */
export const historyRowShape = z
  .strictObject({
    ...shared,
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
    children_table: z.string().nullable().describe('Null for a track, else the task’s id.'),
    release_date: z.string(),
    images: z.array(imageShape),
    album_type: z.string().nullable(),
    duration_total_ms: z.number(),
    owner: z.string(),
  })
  .meta({ id: 'HistoryRow' });

/** A part of a list in /history/{task_id}/children. */
export const historyPartShape = z
  .strictObject({
    ...shared,
    album_title: z.string(),
    duration_ms: z.number(),
    track_number: z.int().nullable(),
    disc_number: z.int().nullable(),
    isrc: z.string().nullable(),
    position: z.int().describe('Place in the list, from 1.'),
  })
  .meta({ id: 'HistoryPart' });
