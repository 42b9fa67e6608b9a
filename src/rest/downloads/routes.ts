import { z } from 'zod';
import { graphql } from '../../generated/documents/gql.js';
import type {
  CatalogType,
  RestQueueArtistMutation,
  WireQueueResultFragment,
} from '../../generated/documents/graphql.js';
import { RestFailure, toFailure } from '../errors.js';
import { EXAMPLE_TASKS } from '../example-tasks.js';
import { text, wholeNumber } from '../input.js';
import { route, type AnyRoute } from '../route.js';
import { wireIdOf } from '../wire-id.js';
import { albumTypes, optionFailure, optionsInput, toOptionsInput } from './serialize.js';

graphql(`
  fragment WireQueueResult on QueueDownloadResult {
    __typename
    ... on DownloadQueued {
      task {
        id
      }
    }
    ... on Error {
      code
      message
    }
    ... on DuplicateDownload {
      existingTask {
        id
      }
    }
    ... on InvalidOptions {
      field
    }
    ... on UpstreamLimited {
      retryAfterSeconds
    }
  }
`);

const QUEUE_DOWNLOAD = graphql(`
  mutation RestQueueDownload($input: QueueDownloadInput!) {
    queueDownload(input: $input) {
      ...WireQueueResult
    }
  }
`);

const QUEUE_ARTIST = graphql(`
  mutation RestQueueArtist($input: QueueDownloadInput!) {
    queueDownload(input: $input) {
      ...WireQueueResult
      ... on DownloadQueued {
        parts {
          queued {
            id
            title
            artists
            item {
              ... on Album {
                id
                url
              }
            }
          }
          duplicates {
            id
          }
        }
      }
      ... on DuplicateDownload {
        existingTask {
          children(first: 500) {
            edges {
              node {
                id
                duplicateOf {
                  id
                }
              }
            }
          }
        }
      }
    }
  }
`);

const CANCEL_DOWNLOAD = graphql(`
  mutation RestCancelDownload($id: ID!) {
    cancelTask(id: $id) {
      __typename
      ... on TaskCancelled {
        task {
          id
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const input = z.strictObject({
  id: text(),
  ...optionsInput,
  priority: wholeNumber({ min: -100, max: 100 }).default(0),
});

function download(path: `/${string}`, { type, example }: { type: CatalogType; example: string }): AnyRoute {
  return route({
    methods: ['GET', 'POST'],
    path,
    docs: {
      summary: `Queue ${nameOf(type)}.`,
      answer: z.object({ task_id: z.uuid() }),
      example: { id: example, convertTo: 'mp3', bitrate: '320k' },
      errors: [403, 404, 409, 502],
    },
    input,
    document: QUEUE_DOWNLOAD,
    variables: ({ id, priority, ...options }) => ({
      input: { item: id, type, priority, options: toOptionsInput(options) },
    }),
    status: 202,
    respond: ({ queueDownload: result }) => {
      if (result.__typename !== 'DownloadQueued') throw refusalOf(result);
      return { task_id: wireIdOf(result.task.id) };
    },
  });
}

/** Why nothing was queued. */
function refusalOf(result: Exclude<WireQueueResultFragment, { __typename: 'DownloadQueued' }>): RestFailure {
  if (result.__typename === 'InvalidOptions') return optionFailure(result);
  if (result.__typename !== 'DuplicateDownload') return toFailure(result);
  return new RestFailure(409, 'Duplicate download detected.', {
    details: result.message,
    existing_task: wireIdOf(result.existingTask.id),
  });
}

const artist = route({
  methods: ['GET', 'POST'],
  path: '/artist/download/{id}',
  docs: {
    summary: 'Queue an artist’s albums.',
    answer: z.object({
      status: z.literal('complete'),
      message: z.string(),
      task_id: z
        .uuid()
        .meta({ description: 'The artist’s own task; it goes on where the answer could not wait.' }),
      queued_albums: z.array(z.uuid()),
      queued: z.array(z.object({ task_id: z.uuid(), name: z.string(), artist: z.string(), url: z.url() })),
      duplicate_albums: z.array(z.uuid()).meta({ description: 'Tasks that have albums of it already.' }),
    }),
    example: { id: 'demo:saltglass-choir', album_type: 'album,single' },
    errors: [403, 404, 502],
  },
  input: input.extend({ album_type: albumTypes.optional() }),
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
  respond: ({ queueDownload: result }, { base }) => {
    if (result.__typename === 'DownloadQueued') return toWireDiscography(result.task, result.parts, base);
    if (result.__typename !== 'DuplicateDownload') throw refusalOf(result);
    // The very same is on its way: then so is each of its albums, which is no conflict here (rest-contract §4).
    const { existingTask } = result;
    const duplicates = existingTask.children.edges.map(({ node }) => node.duplicateOf ?? node);
    return toWireDiscography(existingTask, { queued: [], duplicates }, base);
  },
});

type QueuedAlbums = Extract<
  RestQueueArtistMutation['queueDownload'],
  { __typename: 'DownloadQueued' }
>['parts'];

function toWireDiscography(task: { id: string }, { queued, duplicates }: QueuedAlbums, base: string): object {
  return {
    status: 'complete',
    message: `Artist discography processing initiated. ${queued.length} albums queued.`,
    task_id: wireIdOf(task.id),
    queued_albums: queued.map(({ id }) => wireIdOf(id)),
    queued: queued.map((album) => toWireAlbumTask(album, base)),
    duplicate_albums: [...new Set(duplicates.map(({ id }) => wireIdOf(id)))],
  };
}

/** `url` is the album's page, where there is one for people, else the way to queue it. */
function toWireAlbumTask({ id, title, artists, item }: QueuedAlbums['queued'][number], base: string): object {
  const { id: albumId, url } = item && 'id' in item ? item : { id: '', url: null };
  return {
    task_id: wireIdOf(id),
    name: title,
    artist: artists.join(', '),
    url: url ?? `${base}/album/download/${wireIdOf(albumId)}`,
  };
}

function nameOf(type: CatalogType): string {
  return `${/^[AEIOU]/.test(type) ? 'an' : 'a'} ${type.toLowerCase()}`;
}

function cancel(path: `/${string}`, type: CatalogType): AnyRoute {
  return route({
    methods: ['GET', 'POST'],
    path,
    docs: {
      summary: `Cancel the download of ${nameOf(type)}.`,
      answer: z.object({ status: z.literal('cancelled'), task_id: z.uuid() }),
      example: { task_id: EXAMPLE_TASKS.queued },
      errors: [404, 409],
    },
    input: z.object({ task_id: text() }),
    document: CANCEL_DOWNLOAD,
    variables: ({ task_id: id }) => ({ id }),
    respond: ({ cancelTask: result }, { input: { task_id } }) => {
      if (result.__typename === 'TaskCancelled') {
        return { status: 'cancelled', task_id: wireIdOf(result.task.id) };
      }
      // To a client a task's id is any text that we gave: one that we never give names no task.
      if (result.__typename === 'InvalidInput') throw new RestFailure(404, 'Task not found', { task_id });
      const { status, message } = toFailure(result);
      throw new RestFailure(status, message, { task_id });
    },
  });
}

export const DOWNLOAD_ROUTES: readonly AnyRoute[] = [
  download('/track/download/{id}', { type: 'TRACK', example: 'demo:night-ferry-1-03' }),
  download('/album/download/{id}', { type: 'ALBUM', example: 'demo:low-tide-radio' }),
  download('/playlist/download/{id}', { type: 'PLAYLIST', example: 'demo:first-watch' }),
  artist,
  cancel('/track/download/cancel', 'TRACK'),
  cancel('/album/download/cancel', 'ALBUM'),
  cancel('/playlist/download/cancel', 'PLAYLIST'),
  cancel('/artist/download/cancel', 'ARTIST'),
];
