import { z } from 'zod';
import { graphql } from '../generated/documents/gql.js';
import type { CatalogType } from '../generated/documents/graphql.js';
import { RestFailure, toFailure } from '../rest/errors.js';
import { EXAMPLE_TASKS } from '../rest/example-tasks.js';
import { text, wholeNumber } from '../rest/input.js';
import { route, type AnyRoute } from '../rest/route.js';
import { wireIdOf } from '../rest/wire-id.js';
import { optionFailure, optionsInput, toOptionsInput } from './options-wire.js';

const QUEUE_DOWNLOAD = graphql(`
  mutation RestQueueDownload($input: QueueDownloadInput!) {
    queueDownload(input: $input) {
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
      if (result.__typename === 'DownloadQueued') return { task_id: wireIdOf(result.task.id) };
      if (result.__typename === 'InvalidOptions') throw optionFailure(result);
      if (result.__typename !== 'DuplicateDownload') throw toFailure(result);
      throw new RestFailure(409, 'Duplicate download detected.', {
        details: result.message,
        existing_task: wireIdOf(result.existingTask.id),
      });
    },
  });
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
  cancel('/track/download/cancel', 'TRACK'),
  cancel('/album/download/cancel', 'ALBUM'),
  cancel('/playlist/download/cancel', 'PLAYLIST'),
  cancel('/artist/download/cancel', 'ARTIST'),
];
