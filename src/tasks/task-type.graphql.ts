import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import { QueueableItemType } from '../catalog/item-types.graphql.js';
import type { GraphqlContext } from '../context.js';
import { builder } from '../graphql/builder.js';
import { ErrorCodeType } from '../graphql/error-types.js';
import { parseRowId } from '../graphql/node-id.js';
import type { ErrorCode } from '../lib/errors.js';
import { visibleTo } from './task-filter-store.js';
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
  description:
    'Kind of item that a task handles. Albums, playlists and artists are parents: they have children.',
  values: {
    TRACK: { description: 'Downloads a single track to a file.' },
    ALBUM: { description: 'Downloads an album; its children are tracks.' },
    PLAYLIST: { description: 'Downloads a playlist; its children are tracks.' },
    ARTIST: { description: 'Downloads an artist’s discography; its children are albums.' },
    WATCH_CHECK: { description: 'Checks a watched playlist or artist for new items.' },
  } satisfies Record<TaskKind, object>,
});

const TaskErrorType = builder.objectRef<Task>('TaskError').implement({
  description: 'Why a task failed, or why its last attempt will be repeated.',
  fields: (t) => ({
    code: t.field({
      type: ErrorCodeType,
      description: 'Machine-readable reason, for example `NO_SOURCE`.',
      resolve: (task) => (task.errorCode ?? 'INTERNAL') as ErrorCode,
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

const TaskFileType = builder.objectRef<Task>('TaskFile').implement({
  description: 'The audio file of a finished track.',
  fields: (t) => ({
    path: t.string({
      description: 'Path of the file on the server.',
      resolve: (task) => task.filePath ?? '',
    }),
    format: t.string({
      description:
        'MP3, AAC, OGG, OPUS, FLAC, WAV or ALAC; for a file kept in any other format, the codec’s name in capitals.',
      resolve: (task) => task.fileFormat ?? '',
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
    durationMs: t.int({
      description: 'Playing time of the file in milliseconds.',
      resolve: (task) => task.fileDurationMs ?? 0,
    }),
    source: t.string({
      description:
        'Source that supplied the audio, for example `demo`; `unknown` for a file not made by Reprise.',
      resolve: (task) => task.fileSource ?? '',
    }),
    licence: t.string({
      description:
        'License under which the source supplied the audio; `unknown` for a file not made by Reprise.',
      resolve: (task) => task.fileLicence ?? '',
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

/** A subscription reuses one context for many results. */
const UNCACHED = { cache: false };

/** A relation would read some of the tasks again. */
const ownerLoader = createContextCache(
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
