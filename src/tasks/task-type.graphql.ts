import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import { QueueableItemType } from '../catalog/item-types.graphql.js';
import type { GraphqlContext } from '../context.js';
import { builder, enumTypeOf } from '../graphql/builder.js';
import { parseRowId } from '../graphql/node-id.js';
import { isTaskErrorCode, type TaskErrorCode } from '../lib/errors.js';
import { CODEC_OF_FORMAT } from '../media/media.js';
import { audioFormat } from '../settings/settings.js';
import { visibleTo } from '../auth/access-rules.js';
import { itemOf, listOwners } from './task-store.js';
import { isPartial, PRIORITY_LIMIT, type Task, type TaskKind, type TaskState } from './task.js';

export const TaskStateEnum = builder.enumType('TaskState', {
  description:
    'State of a task. QUEUED, RUNNING, RETRYING and PAUSED are active; COMPLETED, SKIPPED, FAILED and CANCELLED are finished.',
  values: {
    QUEUED: { description: 'Waits until a worker is free to run it.' },
    RUNNING: { description: 'A worker runs it. A parent is RUNNING until its last child has finished.' },
    RETRYING: { description: 'An attempt failed temporarily. The task is queued again at `retryAt`.' },
    PAUSED: {
      description: 'Waits until it is resumed. A parent is PAUSED when all its active children are.',
    },
    COMPLETED: {
      description: 'Finished successfully. For a parent with failed children, `partial` is true.',
    },
    SKIPPED: {
      description:
        'Nothing had to be downloaded: the file already exists, the item is filtered out, or another task downloads it.',
    },
    FAILED: { description: 'Finished without success; `error` says why. It can be retried.' },
    CANCELLED: { description: 'A user canceled it. It can be retried.' },
  } satisfies Record<TaskState, object>,
});

export const TaskKindEnum = builder.enumType('TaskKind', {
  description: 'Kind of item that a task handles. All but tracks are parents: they may have children.',
  values: {
    TRACK: { description: 'Downloads a single track to a file.' },
    ALBUM: { description: 'Downloads an album; its children are tracks.' },
    PLAYLIST: { description: 'Downloads a playlist; its children are tracks.' },
    ARTIST: { description: 'Downloads an artist’s discography; its children are albums.' },
    WATCH_CHECK: {
      description: 'Checks a watched playlist or artist; its children are the downloads of what is new.',
    },
  } satisfies Record<TaskKind, object>,
});

export const TaskErrorCodeEnum = builder.enumType('TaskErrorCode', {
  description: 'Machine-readable reason why a task failed, was skipped or will be retried.',
  values: {
    NO_SOURCE: { description: 'No configured source has this track.' },
    QUALITY_UNAVAILABLE: { description: 'No source has the track in the quality that the settings require.' },
    TRACK_TOO_LARGE: { description: 'The track is longer, or its file larger, than the settings allow.' },
    EXPLICIT_CONTENT: { description: 'The track is explicit and was left out of its album or playlist.' },
    DUPLICATE_DOWNLOAD: { description: 'Another active task downloads the item; see `duplicateOf`.' },
    CATALOG_ITEM_NOT_FOUND: { description: 'The item has left its catalog since it was queued or listed.' },
    INVALID_ITEM: { description: 'The catalog of the item is no longer set up on this server.' },
    UPSTREAM_LIMITED: { description: 'A catalog or source limited requests during the attempt.' },
    UPSTREAM_FAILED: { description: 'A catalog or source did not answer, or not as it should.' },
    SOURCE_STALLED: { description: 'The source stopped sending data.' },
    SOURCE_CUT_OFF: { description: 'The source closed the connection before the end of the file.' },
    SOURCE_INVALID_AUDIO: { description: 'The source sent something that is not the expected audio.' },
    SOURCE_DAMAGED: { description: 'Part of the audio cannot be decoded; the message says how much.' },
    SOURCE_FAILED: { description: 'The source could not be read.' },
    FORMAT_UNAVAILABLE: { description: 'The ffmpeg of the worker has no encoder for the format.' },
    TRANSCODE_FAILED: { description: 'ffmpeg could not convert the audio.' },
    FFMPEG_MISSING: { description: 'ffmpeg is not installed on this server, or does not run.' },
    DISK_FULL: { description: 'There is no space left on the disk.' },
    TARGET_NOT_WRITABLE: { description: 'The download directory is not writable.' },
    INVALID_FILE_NAME: { description: 'The disk does not allow the name or path of the file.' },
    CHILDREN_FAILED: { description: 'Every track of the album, playlist or artist failed.' },
    WORKER_LOST: { description: 'The worker died repeatedly while it ran this task.' },
    WATCH_NOT_FOUND: {
      description: 'The playlist or artist was no longer watched when the check came to it.',
    },
    WATCHING_DISABLED: { description: 'Watching was turned off when the check came to it.' },
    WATCH_EXPIRED: { description: 'The time until which the watch was to be checked had passed.' },
    WATCH_UNCHANGED: {
      description: 'The snapshot id of the playlist had not changed, so its entries were not read.',
    },
    DATABASE_UNAVAILABLE: { description: 'The database did not answer the worker during the attempt.' },
    INTERNAL: {
      description: 'A bug in Reprise, or data it cannot read; the log of the worker has the details.',
    },
  } satisfies Record<TaskErrorCode, object>,
});

const TaskErrorType = builder.objectRef<Task>('TaskError').implement({
  description: 'Why a task failed, or why its last attempt will be repeated.',
  fields: (t) => ({
    code: t.field({
      type: TaskErrorCodeEnum,
      description: 'Machine-readable reason, for example `NO_SOURCE`.',
      resolve: ({ errorCode }) => (isTaskErrorCode(errorCode) ? errorCode : 'INTERNAL'),
    }),
    message: t.string({
      description: 'Human-readable reason, in English, with the remedy if there is one.',
      resolve: (task) => task.errorMessage ?? '',
    }),
    retryable: t.boolean({
      description: 'Whether another attempt may succeed without a change to the request or the server.',
      resolve: (task) => task.errorRetryable ?? false,
    }),
  }),
});

const CODECS = new Map<string, string>(Object.entries(CODEC_OF_FORMAT));

/** Any other format is stored as the codec in capitals (downloads/place-file.ts). */
function codecOf({ fileFormat }: Task): string {
  const format = fileFormat ?? '';
  return CODECS.get(format) ?? format.toLowerCase();
}

const TaskFileType = builder.objectRef<Task>('TaskFile').implement({
  description: 'The audio file of a finished track.',
  fields: (t) => ({
    path: t.string({
      description: 'Path of the file on the server.',
      resolve: (task) => task.filePath ?? '',
    }),
    trashedAt: t.expose('trashedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When the file was moved to the trash, because the track or its album left a watched list; then `path` is there. Null if it was not.',
    }),
    format: t.field({
      type: enumTypeOf(audioFormat),
      nullable: true,
      description: 'Format of the file, never KEEP; null for a file that was kept in any other format.',
      resolve: ({ fileFormat }) => audioFormat.safeParse(fileFormat).data ?? null,
    }),
    codec: t.string({
      description:
        'Codec of the audio, as ffmpeg names it: `mp3`, `aac`, `vorbis`, `opus`, `flac`, `alac`, `wmav2`, …; `pcm` for WAV.',
      resolve: (task) => codecOf(task),
    }),
    bitrateKbps: t.exposeInt('fileBitrateKbps', {
      nullable: true,
      description: 'Average bitrate in kbit/s; null if unknown.',
    }),
    sizeBytes: t.field({
      type: 'BigInt',
      description: 'Size of the file in bytes.',
      resolve: (task) => task.fileSizeBytes ?? 0n,
    }),
    durationMs: t.field({
      type: 'BigInt',
      description: 'Playing time of the file in milliseconds.',
      resolve: (task) => task.fileDurationMs ?? 0n,
    }),
    source: t.string({
      description: 'Source of the audio, for example `demo`; `unknown` for a file not made by Reprise.',
      resolve: (task) => task.fileSource ?? '',
    }),
    licence: t.string({
      description: 'License that the source states; `unknown` for a file not made by Reprise.',
      resolve: (task) => task.fileLicence ?? '',
    }),
    sourceNote: t.exposeString('fileSourceNote', {
      nullable: true,
      description: 'Errors of the sources that were tried before, each after its name; null if none failed.',
    }),
  }),
});

/** Before that, the stored path is only planned. */
const hasFile = (task: Task) => task.filePath !== null && ['COMPLETED', 'SKIPPED'].includes(task.state);

export const TaskType = builder.prismaNode('Task', {
  description:
    'A download, from the moment it is queued. It stays after it has finished, until the history is cleaned up.',
  id: { field: 'id', description: 'Permanent id of the form `Task:<uuid>`.' },
  nullable: true,
  findUnique: (id, { viewer }) => ({ id: parseRowId('Task', id), ...visibleTo(viewer) }),
  fields: (t) => ({
    kind: t.expose('kind', { type: TaskKindEnum, description: 'Kind of item that the task downloads.' }),
    state: t.expose('state', { type: TaskStateEnum, description: 'Current state of the task.' }),
    title: t.exposeString('title', { description: 'Title of the item, or the name of an artist.' }),
    artistNames: t.exposeStringList('artists', {
      description: 'Names of the item’s artists, the main artist first; of a playlist, its owner.',
    }),
    albumTitle: t.exposeString('album', {
      nullable: true,
      description: 'Title of a track’s album; null for other kinds.',
    }),
    progress: t.exposeFloat('progress', {
      description: 'Percent, 0 to 100. For a parent, the share of its children that have finished.',
    }),
    childCount: t.exposeInt('total', {
      description: 'Number of children found so far; 0 for a track.',
    }),
    completedCount: t.exposeInt('succeeded', { description: 'Number of children in the state COMPLETED.' }),
    skippedCount: t.exposeInt('skipped', { description: 'Number of children in the state SKIPPED.' }),
    failedCount: t.exposeInt('failed', { description: 'Number of children in the state FAILED.' }),
    cancelledCount: t.exposeInt('cancelled', { description: 'Number of children in the state CANCELLED.' }),
    partial: t.boolean({
      description: 'Whether a parent is COMPLETED although some of its children failed or were canceled.',
      resolve: isPartial,
    }),
    error: t.field({
      type: TaskErrorType,
      nullable: true,
      description: 'Why the task failed, was skipped or will be retried; null if there is no such reason.',
      resolve: (task) => (task.errorCode ? task : null),
    }),
    file: t.field({
      type: TaskFileType,
      nullable: true,
      description: 'File of a COMPLETED track, or the existing file of a SKIPPED one; otherwise null.',
      resolve: (task) => (hasFile(task) ? task : null),
    }),
  }),
});

export const TaskOutcome = builder.interfaceRef<Task>('TaskOutcome').implement({
  description: 'Success of a mutation of one task: select `task` and `sequence` for all of them at once.',
  fields: (t) => ({
    task: t.field({
      type: TaskType,
      description: 'The task after the change.',
      resolve: (task) => task,
    }),
    sequence: t.string({
      description:
        'Position of the change in `taskUpdates`: an update with this `sequence` or a later one comes after all that this mutation changed. Compare them as numbers.',
      resolve: (task) => task.sequence.toString(),
    }),
  }),
});

/** For data loaders: a subscription reuses one context for many results. */
export const UNCACHED = { cache: false };

/** A relation would read some of the tasks again. */
export const ownerLoader = createContextCache(
  ({ db }: GraphqlContext) =>
    new DataLoader(async (ids: readonly string[]) => {
      const owners = new Map((await listOwners(db, [...new Set(ids)])).map((owner) => [owner.id, owner]));
      return ids.map((id) => owners.get(id) ?? new Error(`There is no user ${id}`));
    }, UNCACHED),
);

builder.prismaObjectFields('Task', (t) => ({
  item: t.field({
    type: QueueableItemType,
    nullable: true,
    description:
      'The catalog’s data when the task was queued; null for a playlist entry that was no longer in the catalog.',
    resolve: itemOf,
  }),
  parent: t.relation('parent', {
    nullable: true,
    description: 'Album, playlist or artist task that this task belongs to; null for a top-level task.',
  }),
  duplicateOf: t.relation('duplicateOf', {
    nullable: true,
    description: 'Task that already downloads the same item, when this task was SKIPPED for that reason.',
  }),
  playlistFile: t.exposeString('playlistFile', {
    nullable: true,
    description:
      'Path of the m3u8 file of a finished playlist; null for other kinds and when no track has a file. It is rewritten when a retry adds files.',
  }),
  priority: t.exposeInt('priority', {
    description: `Tasks with a higher priority start first; −${PRIORITY_LIMIT} to ${PRIORITY_LIMIT}.`,
  }),
  attempt: t.exposeInt('attempt', {
    description: 'Number of the latest attempt, from 1; 0 before the first.',
  }),
  retryAt: t.expose('retryAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When a RETRYING task is queued again; null in other states.',
  }),
  owner: t.prismaField({
    type: 'User',
    description: 'User who queued the task.',
    resolve: (_query, { ownerId }, _args, context) => ownerLoader(context).load(ownerId),
  }),
  createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the task was queued.' }),
  startedAt: t.expose('startedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the first attempt began; null before that.',
  }),
  updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the task last changed.' }),
  finishedAt: t.expose('finishedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the task finished; null while it is active.',
  }),
  dismissedAt: t.expose('dismissedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the task was dismissed; null if it was not.',
  }),
}));
