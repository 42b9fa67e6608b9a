import { z } from 'zod';
import type { HistoryFilter } from '../../generated/documents/graphql.js';
import { RestFailure, toFailure } from '../errors.js';
import { EXAMPLE_TASKS } from '../example-tasks.js';
import { pageLimit, pageOffset, taskId, text, wholeNumber, word } from '../input.js';
import { pagedRoute, route, type AnyRoute } from '../route.js';
import { requireTaskId } from '../tasks/serialize.js';
import { CHILDREN, CLEAN_UP_HISTORY, DOWNLOAD_BY_ID, HISTORY, HISTORY_STATS } from './documents.js';
import {
  childrenSchema,
  cleanupSchema,
  downloadListSchema,
  downloadSchema,
  downloadTypeSchema,
  latestDownloadsSchema,
  searchSchema,
  statsSchema,
  statusSchema,
} from './schemas.js';
import { serializeChild, serializeDownload, serializeStats } from './serialize.js';

const STATUSES = ['COMPLETED', 'FAILED', 'SKIPPED', 'IN_PROGRESS', 'PARTIAL', 'CANCELLED'] as const;
const KINDS = ['TRACK', 'ALBUM', 'PLAYLIST', 'ARTIST', 'WATCH_CHECK'] as const;
const NOT_FOUND = 'Download not found';

const taskInput = z.object({ task_id: taskId() });

const list = route({
  path: '/history',
  docs: {
    summary: 'List started and finished downloads, newest first.',
    description:
      'Tracks of an album and other children are listed under their parent: `/history/{task_id}/children`.',
    response: downloadListSchema,
    example: { limit: 10, status: 'completed' },
  },
  input: z.object({
    limit: pageLimit(100, 500),
    offset: pageOffset,
    download_type: word(KINDS, downloadTypeSchema).optional().describe('Only downloads of this type.'),
    status: word(STATUSES, statusSchema).optional().describe('Only downloads with this status.'),
  }),
  document: HISTORY,
  variables: ({ limit, offset, download_type, status }) => ({
    limit,
    offset,
    counted: true,
    filter: { kinds: download_type ? [download_type] : null, statuses: status ? [status] : null },
  }),
  respond: ({ history: { edges, totalCount } }, { input: { limit, offset }, base }) => ({
    downloads: edges.map(({ node }) => serializeDownload(node, base)),
    pagination: { limit, offset, returned_count: edges.length, total_count: totalCount ?? 0 },
  }),
});

const one = route({
  path: '/history/{task_id}',
  docs: {
    summary: 'Show one download.',
    description: 'A download that is still queued is not in the history: 404.',
    response: downloadSchema,
    example: { task_id: EXAMPLE_TASKS.finishedAlbum },
    errors: [404],
  },
  input: taskInput,
  document: DOWNLOAD_BY_ID,
  variables: ({ task_id }) => ({ id: requireTaskId(task_id, NOT_FOUND) }),
  respond: ({ task }, { input: { task_id }, base }) => {
    if (!task?.historyStatus) throw new RestFailure(404, NOT_FOUND, { task_id });
    return serializeDownload(task, base);
  },
});

const children = pagedRoute({
  path: '/history/{task_id}/children',
  docs: {
    summary: 'List the children of an album, playlist or artist download, in order.',
    description: 'The whole list, without pages. A track has no children: 404.',
    response: childrenSchema,
    example: { task_id: EXAMPLE_TASKS.finishedAlbum },
    errors: [404],
  },
  input: taskInput,
  document: CHILDREN,
  variables: ({ task_id }, after) => ({ id: requireTaskId(task_id, NOT_FOUND), after }),
  next: ({ task }) => (task?.children.pageInfo.hasNextPage ? task.children.pageInfo.endCursor : null),
  itemsOf: ({ task }, { offset }) =>
    (task?.children.edges ?? []).map(({ node }, index) => serializeChild(node, offset + index + 1)),
  respond: (tracks, { first: { task: parent }, input: { task_id } }) => {
    if (!parent?.historyStatus || parent.kind === 'TRACK') {
      throw new RestFailure(404, 'There is no album, playlist or artist download with this id', { task_id });
    }
    return {
      task_id,
      download_type: parent.kind.toLowerCase(),
      title: parent.title,
      children_table: task_id,
      tracks,
      track_count: tracks.length,
    };
  },
});

const stats = route({
  path: '/history/stats',
  docs: {
    summary: 'Show totals of all downloads.',
    description: 'Counts by type and status, tracks and bytes downloaded, and downloads of the last 7 days.',
    response: statsSchema,
    example: {},
  },
  input: z.object({}),
  document: HISTORY_STATS,
  variables: () => ({}),
  respond: serializeStats,
});

const search = route({
  path: '/history/search',
  docs: {
    summary: 'Search downloads by title, artist and album.',
    description: 'Case and accents do not matter. The newest matches come first.',
    response: searchSchema,
    example: { q: 'night ferry' },
  },
  input: z.object({ q: text(200).describe('Words of a title, artist or album.'), limit: pageLimit(50, 200) }),
  document: HISTORY,
  variables: ({ q, limit }) => ({ filter: { query: q }, limit, offset: 0, counted: false }),
  respond: ({ history: { edges } }, { input: { q, limit }, base }) => ({
    query: q,
    results: edges.map(({ node }) => serializeDownload(node, base)),
    result_count: edges.length,
    limit,
  }),
});

interface LatestDownloads {
  path: `/${string}`;
  summary: string;
  description: string;
  limit: ReturnType<typeof pageLimit>;
  filter: HistoryFilter;
}

function latestDownloads({ path, summary, description, limit, filter }: LatestDownloads): AnyRoute {
  return route({
    path,
    docs: { summary, description, response: latestDownloadsSchema, example: {} },
    input: z.object({ limit }),
    document: HISTORY,
    variables: ({ limit }) => ({ filter, limit, offset: 0, counted: false }),
    respond: ({ history: { edges } }, { input: { limit }, base }) => ({
      downloads: edges.map(({ node }) => serializeDownload(node, base)),
      count: edges.length,
      limit,
    }),
  });
}

const recent = latestDownloads({
  path: '/history/recent',
  summary: 'List the newest downloads.',
  description: 'In any status, also those in progress. For older ones, `/history` has pages.',
  limit: pageLimit(20, 100),
  filter: {},
});

const failed = latestDownloads({
  path: '/history/failed',
  summary: 'List the newest failed downloads.',
  description: '`error` of each says why. To try again, use `POST /prgs/retry/{task_id}`.',
  limit: pageLimit(50, 200),
  filter: { statuses: ['FAILED'] },
});

const cleanup = route({
  methods: ['POST'],
  path: '/history/cleanup',
  docs: {
    summary: 'Delete old finished downloads from the history; files are kept. For admins.',
    description: 'A response deletes a limited number; `message` says if more remain.',
    response: cleanupSchema,
    example: { days_old: 30 },
    errors: [403],
    body: 'HistoryCleanup',
  },
  input: z
    .object({
      days_old: wholeNumber({ min: 1, max: 36_500 }).default(30).describe('Days since a download finished.'),
    })
    .describe('How old a download must be to be deleted.'),
  document: CLEAN_UP_HISTORY,
  variables: ({ days_old: days }) => ({ days }),
  respond: ({ cleanUpHistory: result }, { input: { days_old } }) => {
    if (result.__typename !== 'HistoryCleaned') throw toFailure(result);
    const { deletedCount, complete } = result;
    const done = `Removed ${deletedCount} downloads that finished ${days_old} or more days ago`;
    return {
      message: complete ? `${done}.` : `${done}. More remain: repeat the request to remove them.`,
      deleted_records: deletedCount,
      days_old,
    };
  },
});

export const HISTORY_ROUTES: readonly AnyRoute[] = [
  list,
  one,
  children,
  stats,
  search,
  recent,
  failed,
  cleanup,
];
