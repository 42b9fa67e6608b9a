import { CatalogItemNotFoundError, InvalidItemError } from '../catalog/errors.js';
import { CatalogTypeEnum } from '../catalog/item-types.graphql.js';
import { AudioFormatEnum, BITRATES_ALLOWED } from '../config/audio-format.graphql.js';
import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { UpstreamLimitedError } from '../lib/upstream-errors.js';
import { DuplicateDownloadError } from '../tasks/errors.js';
import { TaskType } from '../tasks/task-type.graphql.js';
import type { Task } from '../tasks/task.js';
import { FormatUnavailableError } from '../media/errors.js';
import { InvalidOptionsError } from './errors.js';
import { queueDownload } from './queue-download.js';

const DownloadOptionsInput = builder.inputType('DownloadOptionsInput', {
  description: 'The output; what is absent follows the settings.',
  fields: (t) => ({
    format: t.field({ type: AudioFormatEnum, description: 'The format.' }),
    bitrateKbps: t.int({ description: `${BITRATES_ALLOWED}.` }),
  }),
});

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
    options: t.field({ type: DownloadOptionsInput, description: 'The output.' }),
  }),
});

builder.objectType(InvalidOptionsError, {
  name: 'InvalidOptions',
  description: 'The output that was asked for makes no sense.',
  interfaces: [ErrorInterface],
});

builder.objectType(FormatUnavailableError, {
  name: 'FormatUnavailable',
  description: 'The ffmpeg in use cannot make this format.',
  interfaces: [ErrorInterface],
});

const DownloadQueued = builder.objectRef<Task>('DownloadQueued').implement({
  description: 'It is queued; follow it with `taskUpdates`.',
  fields: (t) => ({
    task: t.field({ type: TaskType, description: 'The new task.', resolve: (task) => task }),
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
        FormatUnavailableError,
        UpstreamLimitedError,
      ],
      union: {
        name: 'QueueDownloadResult',
        description: 'What came of it; all but DownloadQueued changed nothing.',
      },
    },
    resolve: (_root, { input }, context) =>
      queueDownload(context, context.viewer, { ...input, signal: context.signal }),
  }),
);
