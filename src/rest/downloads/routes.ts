import { z } from 'zod';
import type { CatalogType } from '../../generated/documents/graphql.js';
import { EXAMPLE_TASKS } from '../example-tasks.js';
import { itemId, wholeNumber } from '../input.js';
import { route, type AnyRoute } from '../route.js';
import { CANCEL_TASK } from '../tasks/documents.js';
import { cancelledSchema } from '../tasks/schemas.js';
import { serializeCancelled } from '../tasks/serialize.js';
import { taskAction } from '../tasks/task-action.js';
import { plainIdOf } from '../plain-id.js';
import { QUEUE_ARTIST, QUEUE_DOWNLOAD } from './documents.js';
import { queuedArtistSchema, queuedSchema } from './schemas.js';
import {
  albumTypes,
  optionsInput,
  serializeQueuedArtist,
  toOptionsInput,
  toQueueFailure,
} from './serialize.js';

const OMITTED = 'Options that are omitted follow the settings.';

const downloadInput = (type: string) =>
  z.strictObject({
    id: itemId(type),
    ...optionsInput,
    priority: wholeNumber({ min: -100, max: 100 })
      .default(0)
      .describe('Higher ones start first; equal ones in the order of their requests.'),
  });

function download(type: CatalogType, example: string): AnyRoute {
  const name = type.toLowerCase();
  return route({
    methods: ['GET', 'POST'],
    path: `/${name}/download/{id}`,
    docs: {
      summary: `Queue the download of one ${name}.`,
      description: `The response names the task to follow at \`/prgs/{task_id}\`. An active download of the same item with the same options is a duplicate: 409. ${OMITTED}`,
      body: 'DownloadOptions',
      response: queuedSchema,
      example: { id: example, convertTo: 'MP3', bitrate: '320k' },
      errors: [403, 404, 409, 502],
    },
    input: downloadInput(name).describe('Options of one download.'),
    document: QUEUE_DOWNLOAD,
    variables: ({ id, priority, ...options }) => ({
      input: { item: id, type, priority, options: toOptionsInput(options) },
    }),
    status: 202,
    respond: ({ queueDownload: result }) => {
      if (result.__typename !== 'DownloadQueued') throw toQueueFailure(result);
      return { task_id: plainIdOf(result.task.id) };
    },
  });
}

const artist = route({
  methods: ['GET', 'POST'],
  path: '/artist/download/{id}',
  docs: {
    summary: 'Queue the albums of one artist.',
    description: `Each album is a task of its own. Albums that do not fit into the time limit of a response are queued afterwards. ${OMITTED}`,
    body: 'DiscographyOptions',
    response: queuedArtistSchema,
    example: { id: 'demo:saltglass-choir', album_type: 'album,single' },
    errors: [403, 404, 502],
  },
  input: downloadInput('artist')
    .extend({ album_type: albumTypes.optional() })
    .describe('Options of the downloads of an artist’s albums.'),
  document: QUEUE_ARTIST,
  variables: ({ id, priority, album_type, ...options }) => ({
    input: {
      item: id,
      type: 'ARTIST' as const,
      priority,
      options: { ...toOptionsInput(options), albumGroups: album_type ?? null },
    },
  }),
  status: 202,
  respond: ({ queueDownload: result }, { base }) => serializeQueuedArtist(result, base),
});

function cancel(type: CatalogType): AnyRoute {
  const name = type.toLowerCase();
  return taskAction({
    methods: ['GET', 'POST'],
    path: `/${name}/download/cancel`,
    docs: {
      summary: `Cancel the download of one ${name}.`,
      description: 'The same as `POST /prgs/cancel/{task_id}`. A task that has finished stays as it is: 409.',
      body: 'CancelRequest',
      response: cancelledSchema,
      example: { task_id: EXAMPLE_TASKS.queued },
    },
    document: CANCEL_TASK,
    respond: serializeCancelled,
  });
}

export const DOWNLOAD_ROUTES: readonly AnyRoute[] = [
  download('TRACK', 'demo:night-ferry-1-03'),
  download('ALBUM', 'demo:low-tide-radio'),
  download('PLAYLIST', 'demo:first-watch'),
  artist,
  cancel('TRACK'),
  cancel('ALBUM'),
  cancel('PLAYLIST'),
  cancel('ARTIST'),
];
