import type { z } from 'zod';
import { CatalogItemNotFoundError, InvalidItemError } from '../catalog/errors.js';
import { CatalogTypeEnum } from '../catalog/item-types.graphql.js';
import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { FormatUnavailableError } from '../media/errors.js';
import { UpstreamLimitedError } from '../lib/errors.js';
import { DuplicateDownloadError } from '../tasks/errors.js';
import { TaskType } from '../tasks/task-type.graphql.js';
import type { Task } from '../tasks/task.js';
import { listQueuedChildren, MAX_QUEUED_CHILDREN, type QueuedChildren } from '../tasks/queued-children.js';
import { ExplicitContentError, InvalidOptionsError } from './errors.js';
import { previewPath, type PathPreview } from './preview-path.js';
import { queueDownload } from './queue-download.js';
import type { OptionsInput } from './resolve-options.js';
import { readChange, tableInput } from '../settings/table-fields.graphql.js';
import { CHOSEN_OPTION_ROWS, type chosenOptions } from '../tasks/download-options.js';

const DownloadOptionsInput = tableInput('DownloadOptionsInput', {
  description:
    'Format of a download, its file names, and how it is fetched. An omitted option follows the settings.',
  rows: CHOSEN_OPTION_ROWS,
  enums: { setToNull: 'NullableDownloadOption' },
  // Another option follows the settings while it has no value.
  nullable: CHOSEN_OPTION_ROWS.filter(({ form }) => form.word !== null),
});

function toOptionsInput(input: typeof DownloadOptionsInput.$inferInput | null | undefined): OptionsInput {
  const { values, conflicts } = readChange<z.infer<typeof chosenOptions>>(CHOSEN_OPTION_ROWS, input ?? {});
  for (const { message, field } of conflicts) throw new InvalidOptionsError(message, field);
  return values;
}

const QueueDownloadInput = builder.inputType('QueueDownloadInput', {
  description: 'The item to download, and how.',
  fields: (t) => ({
    item: t.string({
      required: true,
      description:
        'An id (`demo:night-ferry`, `Album:demo:night-ferry`, or bare for the default catalog) or a link to the item.',
    }),
    type: t.field({
      type: CatalogTypeEnum,
      description: 'Type of the item if `item` does not contain it; omitted, every type is tried.',
    }),
    priority: t.int({
      defaultValue: 0,
      description: 'Priority of the task, −100 to 100; a higher one starts first.',
    }),
    options: t.field({
      type: DownloadOptionsInput,
      description: 'Options of this download; omitted ones follow the settings.',
    }),
  }),
});

builder.objectType(InvalidOptionsError, {
  name: 'InvalidOptions',
  description: 'An option of the request is invalid. Correct the one named in `field`.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    field: t.exposeString('field', { description: 'Name of the invalid option, for example `bitrateKbps`.' }),
  }),
});

builder.objectType(ExplicitContentError, {
  name: 'ExplicitContent',
  description: 'The track is explicit, and this server does not download explicit tracks (EXPLICIT_FILTER).',
  interfaces: [ErrorInterface],
});

builder.objectType(FormatUnavailableError, {
  name: 'FormatUnavailable',
  description: 'The ffmpeg of this server cannot encode the format. Choose another one.',
  interfaces: [ErrorInterface],
});

const QueuedChildrenType = builder.objectRef<QueuedChildren>('QueuedChildren').implement({
  description: `First ${MAX_QUEUED_CHILDREN} children of a queued album, playlist or artist; \`Task.children\` pages through all.`,
  fields: (t) => ({
    complete: t.exposeBoolean('complete', {
      description: 'Whether all children are inserted; false while more are being added.',
    }),
    queued: t.field({
      type: [TaskType],
      description: 'Child tasks in their order, without those that are in `duplicates`.',
      resolve: ({ queued }) => queued,
    }),
    duplicates: t.field({
      type: [TaskType],
      description: 'For an artist: existing tasks of albums that had been queued already.',
      resolve: ({ duplicates }) => duplicates,
    }),
  }),
});

const DownloadQueued = builder.objectRef<Task>('DownloadQueued').implement({
  description: 'The download is queued. Follow its task with `taskUpdates`.',
  fields: (t) => ({
    task: t.field({ type: TaskType, description: 'The task that was queued.', resolve: (task) => task }),
    children: t.field({
      type: QueuedChildrenType,
      description:
        'Children of the queued album, playlist or artist; waits a few seconds for them to be inserted. Empty for a track.',
      complexity: { field: 1, multiplier: MAX_QUEUED_CHILDREN },
      resolve: (task, _args, context) => listQueuedChildren(context, context.viewer, task.id),
    }),
  }),
});

builder.mutationField('queueDownload', (t) =>
  t.field({
    type: DownloadQueued,
    description: 'Queues a track, or an album, playlist or artist with all its tracks.',
    args: {
      input: t.arg({
        type: QueueDownloadInput,
        required: true,
        description: 'Item to download, its priority and its options.',
      }),
    },
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
        description: 'The queued download, or why nothing was queued.',
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

const PathPreviewType = builder.objectRef<PathPreview>('PathPreview').implement({
  description: 'The path that a file would get below the download directory.',
  fields: (t) => ({
    path: t.string({
      description: 'The whole path, its parts separated by `/`.',
      resolve: ({ directories, fileName }) => [...directories, fileName].join('/'),
    }),
    directories: t.exposeStringList('directories', {
      description:
        'Folders of the path, outermost first; begins with the user’s folder where each user has one.',
    }),
    fileName: t.exposeString('fileName', {
      description: 'Name of the file with its extension; KEEP is shown as if the source had FLAC.',
    }),
  }),
});

builder.queryField('previewPath', (t) =>
  t.field({
    type: PathPreviewType,
    description:
      'Shows the path that the formats give a track. Nothing is created, and existing files are not considered.',
    args: {
      format: t.arg.string({
        description:
          'Format of the folders, for example `%artist%/%album%`; overrides `options.customDirFormat`.',
      }),
      trackFormat: t.arg.string({
        description:
          'Format of the file name, for example `%tracknum%. %music%`; overrides `options.customTrackFormat`.',
      }),
      item: t.arg.string({
        description:
          'Track, or an album or playlist (its first track is used), by id or link; omitted, a sample track with a value for every placeholder.',
      }),
      options: t.arg({
        type: DownloadOptionsInput,
        description: 'Options as for a download; omitted ones follow the settings.',
      }),
    },
    errors: {
      types: [
        InvalidOptionsError,
        InvalidItemError,
        CatalogItemNotFoundError,
        FormatUnavailableError,
        UpstreamLimitedError,
      ],
      union: {
        name: 'PreviewPathResult',
        description: 'The path, or what is wrong with the formats or the item.',
      },
    },
    resolve: (_root, { format, trackFormat, item, options }, context) => {
      const input = toOptionsInput(options);
      return previewPath(context, context.viewer, {
        item: item ?? null,
        options: {
          ...input,
          customDirFormat: format ?? input.customDirFormat,
          customTrackFormat: trackFormat ?? input.customTrackFormat,
        },
        signal: context.signal,
      });
    },
  }),
);
