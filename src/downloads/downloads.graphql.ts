import { CatalogItemNotFoundError, InvalidItemError } from '../catalog/errors.js';
import { CatalogTypeEnum } from '../catalog/item-types.graphql.js';
import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { FormatUnavailableError } from '../media/errors.js';
import { UpstreamLimitedError } from '../lib/errors.js';
import { DuplicateDownloadError } from '../tasks/errors.js';
import { TaskType } from '../tasks/task-type.graphql.js';
import type { Task } from '../tasks/task.js';
import { listWrittenParts, MAX_WRITTEN_PARTS, type WrittenParts } from '../tasks/written-parts.js';
import { ExplicitContentError, InvalidOptionsError } from './errors.js';
import { DownloadOptionsInput, toOptionsInput } from './options-input.graphql.js';
import { queueDownload } from './queue-download.js';

const QueueDownloadInput = builder.inputType('QueueDownloadInput', {
  description: 'What to download, and as what.',
  fields: (t) => ({
    item: t.string({
      required: true,
      description:
        'An id in any form (`demo:night-ferry`, `Album:demo:night-ferry`, bare for the catalogue in use) or a link.',
    }),
    type: t.field({
      type: CatalogTypeEnum,
      description: 'What it is, where the id does not say; else it is found out.',
    }),
    priority: t.int({ defaultValue: 0, description: 'Higher goes first; −100 to 100.' }),
    options: t.field({ type: DownloadOptionsInput, description: 'What comes out, and how it is fetched.' }),
  }),
});

builder.objectType(InvalidOptionsError, {
  name: 'InvalidOptions',
  description: 'What was asked for makes no sense.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    field: t.exposeString('field', { description: 'The option in question.' }),
  }),
});

builder.objectType(ExplicitContentError, {
  name: 'ExplicitContent',
  description: 'The track is marked as explicit, and this server leaves such tracks out.',
  interfaces: [ErrorInterface],
});

builder.objectType(FormatUnavailableError, {
  name: 'FormatUnavailable',
  description: 'The ffmpeg in use cannot make this format.',
  interfaces: [ErrorInterface],
});

const QueuedPartsType = builder.objectRef<WrittenParts>('QueuedParts').implement({
  description: `What a list became: its first ${MAX_WRITTEN_PARTS} parts; the task’s \`children\` are all of them.`,
  fields: (t) => ({
    complete: t.exposeBoolean('complete', {
      description: 'Whether all parts are written; else the task goes on writing them.',
    }),
    queued: t.field({
      type: [TaskType],
      description: 'Its tasks, in order.',
      resolve: ({ queued }) => queued,
    }),
    duplicates: t.field({
      type: [TaskType],
      description: 'Of an artist’s albums that were on their way already: the tasks that have them.',
      resolve: ({ duplicates }) => duplicates,
    }),
  }),
});

const DownloadQueued = builder.objectRef<Task>('DownloadQueued').implement({
  description: 'It is queued; follow it with `taskUpdates`.',
  fields: (t) => ({
    task: t.field({ type: TaskType, description: 'The new task.', resolve: (task) => task }),
    parts: t.field({
      type: QueuedPartsType,
      description: 'Of a list: waits a few seconds for its parts to be written, and tells of them.',
      complexity: { field: 1, multiplier: MAX_WRITTEN_PARTS },
      resolve: (task, _args, context) => listWrittenParts(context, context.viewer, task.id),
    }),
  }),
});

builder.mutationField('queueDownload', (t) =>
  t.field({
    type: DownloadQueued,
    description: 'Queues a track, or an album, playlist or artist with all its tracks.',
    args: { input: t.arg({ type: QueueDownloadInput, required: true, description: 'What and how.' }) },
    errors: {
      types: [
        DuplicateDownloadError,
        CatalogItemNotFoundError,
        InvalidItemError,
        InvalidOptionsError,
        ExplicitContentError,
        FormatUnavailableError,
        UpstreamLimitedError,
      ],
      union: {
        name: 'QueueDownloadResult',
        description: 'What came of it; all but DownloadQueued changed nothing.',
      },
    },
    resolve: (_root, { input }, context) =>
      queueDownload(context, context.viewer, {
        ...input,
        options: toOptionsInput(input.options),
        signal: context.signal,
      }),
  }),
);
