import { CatalogItemNotFoundError, InvalidItemError } from '../catalog/errors.js';
import { builder } from '../graphql/builder.js';
import { UpstreamLimitedError } from '../lib/errors.js';
import { FormatUnavailableError } from '../media/errors.js';
import { InvalidOptionsError } from './errors.js';
import { DownloadOptionsInput, toOptionsInput } from './options-input.graphql.js';
import { previewPath, type PathPreview } from './preview-path.js';

const PathPreviewType = builder.objectRef<PathPreview>('PathPreview').implement({
  description: 'Where a file would go, below the download directory.',
  fields: (t) => ({
    path: t.string({
      description: 'The whole path, its parts separated by "/".',
      resolve: ({ directories, fileName }) => [...directories, fileName].join('/'),
    }),
    directories: t.exposeStringList('directories', {
      description: 'The folders, outermost first; the user’s own where each user has one.',
    }),
    fileName: t.exposeString('fileName', {
      description: 'The name with its extension; for KEEP as if the source had FLAC.',
    }),
  }),
});

builder.queryField('previewPath', (t) =>
  t.field({
    type: PathPreviewType,
    description:
      'What path formats make of a track, without a look at the disk: nothing is made, and what is there already does not count.',
    args: {
      format: t.arg.string({
        description: 'The format of the folders, like `options.customDirFormat`, which it stands before.',
      }),
      trackFormat: t.arg.string({
        description: 'The format of the name, like `options.customTrackFormat`, which it stands before.',
      }),
      item: t.arg.string({
        description:
          'A track, or an album or playlist whose first track it is, by id or link; absent: a sample that has something for every placeholder.',
      }),
      options: t.arg({
        type: DownloadOptionsInput,
        description: 'As for a download; what is absent follows the settings.',
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
        description: 'The path; or what is wrong with the formats, by name, or with the item.',
      },
    },
    resolve: (_root, { format, trackFormat, item, options }, context) => {
      const asked = toOptionsInput(options);
      return previewPath(context, context.viewer, {
        item: item ?? null,
        options: {
          ...asked,
          customDirFormat: format ?? asked.customDirFormat,
          customTrackFormat: trackFormat ?? asked.customTrackFormat,
        },
        signal: context.signal,
      });
    },
  }),
);
