import { z } from 'zod';
import { graphql } from '../../generated/documents/gql.js';
import type { HistoryFilter } from '../../generated/documents/graphql.js';
import { toFailure } from '../errors.js';
import { pageLimit, text, wholeNumber } from '../input.js';
import { route, type AnyRoute } from '../route.js';
import { HISTORY } from './documents.js';
import { toWireRow } from './serialize.js';
import { historyRowShape } from './schemas.js';

const STATS = graphql(`
  query RestHistoryStats {
    historyStats {
      byKindAndStatus {
        kind
        status
        count
      }
      made {
        tracks
        sizeBytes
      }
      queuedLastWeek
    }
  }
`);

const CLEAN_UP = graphql(`
  mutation RestCleanUpHistory($days: Int!) {
    cleanUpHistory(olderThanDays: $days) {
      __typename
      ... on HistoryCleaned {
        deleted
        complete
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const stats = route({
  path: '/history/stats',
  docs: {
    summary: 'Sum up all downloads.',
    answer: z.strictObject({
      by_type_and_status: z.record(z.string(), z.record(z.string(), z.int())),
      total_successful_tracks: z.int(),
      recent_downloads_7d: z.int(),
      total_bytes: z.number(),
    }),
    example: {},
  },
  input: z.object({}),
  document: STATS,
  variables: () => ({}),
  respond: ({ historyStats: { byKindAndStatus, made, queuedLastWeek } }) => ({
    by_type_and_status: nest(byKindAndStatus),
    total_successful_tracks: made.tracks,
    recent_downloads_7d: queuedLastWeek,
    total_bytes: Number(made.sizeBytes),
  }),
});

function nest(counts: readonly { kind: string; status: string; count: number }[]): object {
  const types: Record<string, Record<string, number>> = {};
  for (const { kind, status, count } of counts) {
    (types[kind.toLowerCase()] ??= {})[status.toLowerCase()] = count;
  }
  return types;
}

const search = route({
  path: '/history/search',
  docs: {
    summary: 'Find downloads by words of title, artists and album.',
    answer: z.strictObject({
      query: z.string(),
      results: z.array(historyRowShape),
      result_count: z.int(),
      limit: z.int(),
    }),
    example: { q: 'night ferry' },
  },
  input: z.object({ q: text(200), limit: pageLimit(50, 200) }),
  document: HISTORY,
  variables: ({ q, limit }) => ({ filter: { query: q }, limit, offset: 0, counted: false }),
  respond: ({ history: { edges } }, { input: { q, limit }, base }) => ({
    query: q,
    results: edges.map(({ node }) => toWireRow(node, base)),
    result_count: edges.length,
    limit,
  }),
});

/** The newest of some. */
function latest(
  path: `/${string}`,
  { summary, usual, max, filter }: { summary: string; usual: number; max: number; filter: HistoryFilter },
): AnyRoute {
  return route({
    path,
    docs: {
      summary,
      answer: z.strictObject({ downloads: z.array(historyRowShape), count: z.int(), limit: z.int() }),
      example: {},
    },
    input: z.object({ limit: pageLimit(usual, max) }),
    document: HISTORY,
    variables: ({ limit }) => ({ filter, limit, offset: 0, counted: false }),
    respond: ({ history: { edges } }, { input: { limit }, base }) => ({
      downloads: edges.map(({ node }) => toWireRow(node, base)),
      count: edges.length,
      limit,
    }),
  });
}

const cleanup = route({
  methods: ['POST'],
  path: '/history/cleanup',
  docs: {
    summary: 'Forget downloads that ended long ago; the files stay. For admins.',
    answer: z.strictObject({ message: z.string(), deleted_records: z.int(), days_old: z.int() }),
    example: { days_old: 30 },
    errors: [403],
  },
  input: z.object({ days_old: wholeNumber({ min: 1, max: 36_500 }).default(30) }),
  document: CLEAN_UP,
  variables: ({ days_old: days }) => ({ days }),
  respond: ({ cleanUpHistory: result }, { input: { days_old } }) => {
    if (result.__typename !== 'HistoryCleaned') throw toFailure(result);
    const { deleted, complete } = result;
    const done = `Removed ${deleted} downloads that ended ${days_old} or more days ago`;
    return {
      message: complete ? `${done}.` : `${done}; there are more: ask again.`,
      deleted_records: deleted,
      days_old,
    };
  },
});

export const HISTORY_SUMMARY_ROUTES: readonly AnyRoute[] = [
  stats,
  search,
  latest('/history/recent', { summary: 'List the newest downloads.', usual: 20, max: 100, filter: {} }),
  latest('/history/failed', {
    summary: 'List the newest downloads that failed.',
    usual: 50,
    max: 200,
    filter: { statuses: ['FAILED'] },
  }),
  cleanup,
];
