import type { z } from 'zod';
import { CatalogItemNotFoundError, InvalidItemError } from '../catalog/errors.js';
import { ABOUT_REFERENCE, CatalogTypeEnum } from '../catalog/item-types.graphql.js';
import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { FormatUnavailableError } from '../media/errors.js';
import { InvalidInputError, UpstreamLimitedError } from '../lib/errors.js';
import { DuplicateDownloadError } from '../tasks/errors.js';
import { TaskOutcome } from '../tasks/task-type.graphql.js';
import type { Task } from '../tasks/task.js';
import { ExplicitContentError, InvalidOptionsError } from './errors.js';
import { previewPath, type PathPreview } from './preview-path.js';
import { queueDownload } from './queue-download.js';
import type { OptionsInput } from './resolve-options.js';
import { nullEnum, readChange, tableInput, tableObject } from '../settings/table-fields.graphql.js';
import { CHOSEN_OPTION_ROWS, DOWNLOAD_OPTION_ROWS, type chosenOptions } from '../tasks/download-options.js';
import { optionsOf } from '../tasks/task-store.js';

/** Other options follow the settings while they have no value. */
const CLEARABLE = CHOSEN_OPTION_ROWS.filter(({ form }) => form.word !== null);

export const NullableDownloadOption = nullEnum('NullableDownloadOption', {
  input: 'DownloadOptionsInput',
  rows: CLEARABLE,
});

export const DownloadOptionsInput = tableInput('DownloadOptionsInput', {
  description:
    'Format of a download, its file names, and how it is fetched. An omitted option follows the settings.',
  rows: CHOSEN_OPTION_ROWS,
  enums: { setToNull: 'NullableDownloadOption' },
  nullable: CLEARABLE,
});

/** Throws InvalidOptionsError for an option that is given in two ways. */
export function toOptionsInput(
  input: typeof DownloadOptionsInput.$inferInput | null | undefined,
): OptionsInput {
  const { values, conflicts } = readChange<z.infer<typeof chosenOptions>>(CHOSEN_OPTION_ROWS, input ?? {});
  for (const { message, field } of conflicts) throw new InvalidOptionsError(message, field);
  return values;
}

const QueueDownloadInput = builder.inputType('QueueDownloadInput', {
  description: 'The item to download, and how.',
  fields: (t) => ({
    item: t.string({
      required: true,
      description: ABOUT_REFERENCE,
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
    field: t.exposeString('field', {
      nullable: true,
      description: 'Name of the invalid option, for example `bitrateKbps`; null when several conflict.',
    }),
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

const DownloadQueued = builder.objectRef<Task>('DownloadQueued').implement({
  description: 'The download is queued. Follow its task with `taskUpdates`.',
  interfaces: [TaskOutcome],
});

builder.mutationField('queueDownload', (t) =>
  t.field({
    authScopes: { DOWNLOAD: true },
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
        InvalidInputError,
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

const TaskOptionsType = tableObject('TaskOptions', {
  description: 'What a download was queued with: its own options, and the settings of that moment.',
  rows: DOWNLOAD_OPTION_ROWS,
});

builder.prismaObjectField('Task', 'options', (t) =>
  t.field({
    type: TaskOptionsType,
    nullable: true,
    description: 'Format, file names and the rest that the download keeps over retries; null if unreadable.',
    resolve: (task) => {
      const options = optionsOf(task);
      return options && new Map<string, unknown>(Object.entries(options));
    },
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
        description: `${ABOUT_REFERENCE} A track, or an album or playlist, whose first track is used; omitted, a sample track with a value for every placeholder.`,
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
