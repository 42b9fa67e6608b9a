import { z } from 'zod';
import { imageSchema } from '../catalog/schemas.js';
import { count, milliseconds, ordinal, seconds } from '../response-schemas.js';
import { statusWordSchema } from '../tasks/schemas.js';

const words = z.array(z.string());
export const statusSchema = z
  .enum(['completed', 'failed', 'skipped', 'in_progress', 'partial', 'cancelled'])
  .meta({ id: 'HistoryStatus', description: 'How a download ended; `partial` if only some tracks failed.' });
export const downloadTypeSchema = z
  .enum(['track', 'album', 'playlist', 'artist', 'watch_check'])
  .meta({ id: 'DownloadType', description: 'What kind of item was downloaded.' });

const common = {
  task_id: z.string(),
  title: z.string(),
  artists: words,
  status: statusSchema,
  timestamp: seconds.describe('Unix seconds when it finished, or else when it started.'),
  service: z.string().describe('The source of the file, or the catalog if there is no file.'),
  quality_format: z
    .string()
    .nullable()
    .meta({
      description:
        'In upper case, such as MP3, as `convertTo` takes it; for a file kept in a format that `convertTo` does not have, the codec’s name.',
      examples: ['MP3', 'FLAC'],
    }),
  quality_bitrate: z.string().nullable().describe('Kilobits per second, for example `320k`.'),
  file_path: z.string().nullable(),
  external_ids: z.record(z.string(), z.string()),
  genres: words,
  explicit: z.boolean(),
  metadata: z
    .strictObject({
      source: z.string().optional().describe('Who supplied the audio.'),
      licence: z.string().optional().describe('On which terms the audio was supplied.'),
      size_bytes: count.optional(),
      status_info: z
        .strictObject({
          status: statusWordSchema,
          error: z.string().nullable().describe('Why it failed or was skipped.'),
        })
        .meta({ id: 'HistoryStatusInfo', description: 'The status as `/prgs/{task_id}` has it.' }),
    })
    .meta({ id: 'HistoryMetadata', description: 'About the file, if there is one, and the status.' }),
  error: z.string().optional(),
};

export const downloadSchema = z
  .strictObject({
    ...common,
    download_type: downloadTypeSchema,
    url: z.string(),
    name: z.string(),
    artist: z.string(),
    created_at: z.iso.datetime(),
    completed_at: z.iso.datetime().nullable(),
    total_tracks: count,
    successful_tracks: count,
    failed_tracks: count,
    skipped_tracks: count,
    children_table: z.string().nullable().describe('Null for a track, otherwise the id of the task.'),
    release_date: z.string(),
    images: z.array(imageSchema),
    album_type: z.string().nullable(),
    duration_total_ms: milliseconds,
    owner: z.string(),
  })
  .meta({ id: 'HistoryEntry', description: 'A download that has started or finished.' });

const childSchema = z
  .strictObject({
    ...common,
    album_title: z.string(),
    duration_ms: milliseconds,
    track_number: count.nullable(),
    disc_number: count.nullable(),
    isrc: z.string().nullable(),
    position: ordinal.describe('Position in the parent, from 1.'),
  })
  .meta({ id: 'HistoryChild', description: 'A track of an album or playlist, or an album of an artist.' });

const paginationSchema = z
  .strictObject({ limit: ordinal, offset: count, returned_count: count, total_count: count })
  .meta({ id: 'HistoryPagination', description: 'Where the page lies in the history.' });

export const downloadListSchema = z
  .strictObject({
    downloads: z.array(downloadSchema),
    pagination: paginationSchema,
  })
  .meta({ id: 'HistoryList', description: 'One page of the download history.' });

export const latestDownloadsSchema = z
  .strictObject({
    downloads: z.array(downloadSchema),
    count,
    limit: ordinal,
  })
  .meta({ id: 'LatestDownloads', description: 'The newest downloads, without pages.' });

export const searchSchema = z
  .strictObject({
    query: z.string(),
    results: z.array(downloadSchema),
    result_count: count,
    limit: ordinal,
  })
  .meta({ id: 'HistorySearchResults', description: 'Downloads that match a search.' });

export const childrenSchema = z
  .strictObject({
    task_id: z.string(),
    download_type: z.enum(['album', 'playlist', 'artist', 'watch_check']),
    title: z.string(),
    children_table: z.string(),
    tracks: z.array(childSchema),
    track_count: count,
  })
  .meta({ id: 'HistoryChildren', description: 'The children of one download, in order.' });

export const statsSchema = z
  .strictObject({
    by_type_and_status: z.record(z.string(), z.record(z.string(), count)),
    total_successful_tracks: count,
    recent_downloads_7d: count,
    total_bytes: count.meta({ description: 'Size of all downloaded files, in bytes.' }),
  })
  .meta({ id: 'HistoryStatistics', description: 'Totals of all downloads.' });

export const cleanupSchema = z
  .strictObject({
    message: z.string(),
    deleted_records: count,
    days_old: ordinal,
  })
  .meta({ id: 'HistoryCleanupResult', description: 'What a cleanup of the history removed.' });
