import { z } from 'zod';
import { graphql } from '../../generated/documents/gql.js';
import { EXAMPLE_TASKS } from '../example-tasks.js';
import { RestFailure } from '../errors.js';
import { pageLimit, pageOffset, text, word } from '../input.js';
import { pagedRoute, route, type AnyRoute } from '../route.js';
import { HISTORY } from './documents.js';
import { toWirePart, toWireRow } from './serialize.js';
import { historyPartShape, historyRowShape } from './schemas.js';

const ONE_ROW = graphql(`
  query RestHistoryRow($id: ID!) {
    task(id: $id) {
      ...WireHistoryRow
    }
  }
`);

const PARTS = graphql(`
  query RestHistoryParts($id: ID!, $after: String) {
    task(id: $id) {
      id
      kind
      title
      historyStatus
      children(first: 500, after: $after) {
        edges {
          node {
            ...WireHistoryRow
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

const STATUSES = ['COMPLETED', 'FAILED', 'SKIPPED', 'IN_PROGRESS', 'PARTIAL', 'CANCELLED'] as const;
const KINDS = ['TRACK', 'ALBUM', 'PLAYLIST', 'ARTIST'] as const;
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** To a client a task's id is any text that we gave: one that we never give names no task. */
function checkTaskId(task_id: string): string {
  if (UUID.test(task_id)) return task_id;
  throw new RestFailure(404, 'Download not found', { task_id });
}

const list = route({
  path: '/history',
  docs: {
    summary: 'List downloads that have begun or ended, the newest first.',
    answer: z.strictObject({
      downloads: z.array(historyRowShape),
      pagination: z.strictObject({
        limit: z.int(),
        offset: z.int(),
        returned_count: z.int(),
        total_count: z.int(),
      }),
    }),
    example: { limit: 10, status: 'completed' },
  },
  input: z.object({
    limit: pageLimit(100, 500),
    offset: pageOffset,
    download_type: word(KINDS).optional(),
    status: word(STATUSES).optional(),
  }),
  document: HISTORY,
  variables: ({ limit, offset, download_type, status }) => ({
    limit,
    offset,
    counted: true,
    filter: { kinds: download_type ? [download_type] : null, statuses: status ? [status] : null },
  }),
  respond: ({ history: { edges, totalCount } }, { input: { limit, offset }, base }) => ({
    downloads: edges.map(({ node }) => toWireRow(node, base)),
    pagination: { limit, offset, returned_count: edges.length, total_count: totalCount ?? 0 },
  }),
});

const one = route({
  path: '/history/{task_id}',
  docs: {
    summary: 'Show one download.',
    answer: historyRowShape,
    example: { task_id: EXAMPLE_TASKS.finishedAlbum },
    errors: [404],
  },
  input: z.object({ task_id: text() }),
  document: ONE_ROW,
  variables: ({ task_id }) => ({ id: checkTaskId(task_id) }),
  respond: ({ task }, { input: { task_id }, base }) => {
    if (!task?.historyStatus) throw new RestFailure(404, 'Download not found', { task_id });
    return toWireRow(task, base);
  },
});

const children = pagedRoute({
  path: '/history/{task_id}/children',
  docs: {
    summary: 'List what an album, a playlist or an artist consists of, in order.',
    answer: z.strictObject({
      task_id: z.string(),
      download_type: z.enum(['album', 'playlist', 'artist']),
      title: z.string(),
      children_table: z.string(),
      tracks: z.array(historyPartShape),
      track_count: z.int(),
    }),
    example: { task_id: EXAMPLE_TASKS.finishedAlbum },
    errors: [404],
  },
  input: z.object({ task_id: text() }),
  document: PARTS,
  variables: ({ task_id }, after) => ({ id: checkTaskId(task_id), after }),
  next: ({ task }) => (task?.children.pageInfo.hasNextPage ? task.children.pageInfo.endCursor : null),
  respond: (pages, { input: { task_id } }) => {
    const list = pages[0]?.task;
    if (!list?.historyStatus || list.kind === 'TRACK') {
      throw new RestFailure(404, 'No album, playlist or artist was downloaded as this task', { task_id });
    }
    const parts = pages.flatMap(({ task }) => task?.children.edges ?? []);
    const tracks = parts.map(({ node }, index) => toWirePart(node, index + 1));
    return {
      task_id,
      download_type: list.kind.toLowerCase(),
      title: list.title,
      children_table: task_id,
      tracks,
      track_count: tracks.length,
    };
  },
});

export const HISTORY_ROUTES: readonly AnyRoute[] = [list, one, children];
