import { queueableItemSchema } from '../catalog/catalog-item.js';
import { QueueableItemType } from '../catalog/item-types.graphql.js';
import { builder } from '../graphql/builder.js';
import { ErrorCodeType } from '../graphql/error-types.js';
import { parseRowId } from '../graphql/node-id.js';
import type { ErrorCode } from '../lib/errors.js';
import { visibleTo } from './task-store.js';
import { isPartial, type Task, type TaskKind, type TaskState } from './task.js';

export const TaskStateEnum = builder.enumType('TaskState', {
  description: 'Where a task stands.',
  values: {
    QUEUED: { description: 'Waits for its turn.' },
    RUNNING: { description: 'Is being worked on; a list runs until the last of its parts has ended.' },
    RETRYING: { description: 'Failed for now; waits for `retryAt`, then is queued again.' },
    PAUSED: { description: 'Waits until it is resumed; a list, when all of it that has not ended does.' },
    COMPLETED: { description: 'Done. A list of which some parts failed is COMPLETED, and `partial`.' },
    SKIPPED: { description: 'Nothing to do: it was there already, left out, or left to another task.' },
    FAILED: { description: 'Ended without success; `error` says why.' },
    CANCELLED: { description: 'Ended by hand.' },
  } satisfies Record<TaskState, object>,
});

export const TaskKindEnum = builder.enumType('TaskKind', {
  description: 'What a task is about.',
  values: {
    TRACK: { description: 'One track.' },
    ALBUM: { description: 'An album: its children are tracks.' },
    PLAYLIST: { description: 'A playlist: its children are tracks.' },
    ARTIST: { description: 'An artist’s discography: its children are albums.' },
    WATCH_CHECK: { description: 'A look for news of something that is watched.' },
  } satisfies Record<TaskKind, object>,
});

const TaskErrorType = builder.objectRef<Task>('TaskError').implement({
  description: 'Why a task failed, or why it is being tried again.',
  fields: (t) => ({
    code: t.field({
      type: ErrorCodeType,
      description: 'For programs.',
      resolve: (task) => (task.errorCode ?? 'INTERNAL') as ErrorCode,
    }),
    message: t.string({ description: 'For people.', resolve: (task) => task.errorMessage ?? '' }),
    retryable: t.boolean({
      description: 'Whether the same thing may work when tried again.',
      resolve: (task) => task.errorRetryable ?? false,
    }),
  }),
});

const TaskFileType = builder.objectRef<Task>('TaskFile').implement({
  description: 'The file that a track ended as.',
  fields: (t) => ({
    path: t.string({ description: 'Where it is on the server.', resolve: (task) => task.filePath ?? '' }),
    format: t.string({
      description:
        'MP3, AAC, OGG, OPUS, FLAC, WAV or ALAC; the codec’s name for anything else that was kept.',
      resolve: (task) => task.fileFormat ?? '',
    }),
    bitrateKbps: t.exposeInt('fileBitrateKbps', {
      nullable: true,
      description: 'Average bitrate in kbit/s.',
    }),
    sizeBytes: t.field({
      type: 'BigInt',
      description: 'Size in bytes.',
      resolve: (task) => task.fileSizeBytes ?? 0n,
    }),
    durationMs: t.int({
      description: 'Length in milliseconds.',
      resolve: (task) => task.fileDurationMs ?? 0,
    }),
    source: t.string({
      description: 'Which source supplied the audio.',
      resolve: (task) => task.fileSource ?? '',
    }),
    licence: t.string({
      description: 'On what terms the audio was supplied.',
      resolve: (task) => task.fileLicence ?? '',
    }),
  }),
});

/** The file is there only once the task says so: before that its path is a plan. */
const hasFile = (task: Task) => task.filePath !== null && ['COMPLETED', 'SKIPPED'].includes(task.state);

export const TaskType = builder.prismaNode('Task', {
  description: 'Something to be downloaded, from the moment it is queued to its end and after.',
  id: { field: 'id' },
  // Asked for by `node(id:)`, a task is as hidden from others as anywhere else.
  nullable: true,
  findUnique: (id, { viewer }) => ({ id: parseRowId('Task', id), ...visibleTo(viewer) }),
  fields: (t) => ({
    kind: t.expose('kind', { type: TaskKindEnum, description: 'What it is about.' }),
    state: t.expose('state', { type: TaskStateEnum, description: 'Where it stands.' }),
    title: t.exposeString('title', { description: 'Its item’s title or name.' }),
    artists: t.exposeStringList('artists', {
      description: 'The names of its item’s artists, the main one first.',
    }),
    album: t.exposeString('album', { nullable: true, description: 'A track’s album.' }),
    progress: t.exposeFloat('progress', {
      description: 'Percent, 0 to 100; of a list, how many of its parts have ended.',
    }),
    total: t.exposeInt('total', { description: 'Parts of a list known so far; 0 for a track.' }),
    succeeded: t.exposeInt('succeeded', { description: 'Parts that are completed.' }),
    skipped: t.exposeInt('skipped', { description: 'Parts that were there already.' }),
    failed: t.exposeInt('failed', { description: 'Parts that failed.' }),
    cancelled: t.exposeInt('cancelled', { description: 'Parts that were cancelled.' }),
    partial: t.boolean({
      description: 'Whether a list is COMPLETED although parts of it failed or were cancelled.',
      resolve: isPartial,
    }),
    error: t.field({
      type: TaskErrorType,
      nullable: true,
      description: 'Why it failed, or why it is being tried again.',
      resolve: (task) => (task.errorCode ? task : null),
    }),
    file: t.field({
      type: TaskFileType,
      nullable: true,
      description: 'The file that it ended as, or that was there already.',
      resolve: (task) => (hasFile(task) ? task : null),
    }),
    item: t.field({
      type: QueueableItemType,
      nullable: true,
      description:
        'What the catalogue said about its item when it was queued; null for an entry that was gone.',
      resolve: ({ item }) => (item === null ? null : queueableItemSchema.parse(item)),
    }),
    parent: t.relation('parent', { nullable: true, description: 'The list that it is part of.' }),
    duplicateOf: t.relation('duplicateOf', {
      nullable: true,
      description: 'Of a part that was SKIPPED because another task was on it already: that task.',
    }),
    playlistFile: t.exposeString('playlistFile', {
      nullable: true,
      description:
        'Of a playlist that has ended: the path of the m3u8 of its files, in its order and relative to itself. A retry that adds files writes it anew.',
    }),
    priority: t.exposeInt('priority', { description: 'Higher goes first; −100 to 100.' }),
    attempt: t.exposeInt('attempt', { description: 'Number of the latest try, from 1; 0 before the first.' }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      nullable: true,
      description: 'RETRYING only: when the next try is due.',
    }),
  }),
});

builder.prismaObjectFields('Task', (t) => ({
  createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was queued.' }),
  startedAt: t.expose('startedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When its first try began.',
  }),
  updatedAt: t.expose('updatedAt', {
    type: 'DateTime',
    description: 'When anything of this last changed.',
  }),
  finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
  dismissedAt: t.expose('dismissedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When it was taken off the lists; null while it is on them.',
  }),
}));
