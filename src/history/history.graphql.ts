import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewer.js';
import type { GraphqlContext } from '../context.js';
import { decodeCursor, toConnection } from '../database/pagination.js';
import { builder } from '../graphql/builder.js';
import { distinct } from '../graphql/input-limits.js';
import {
  LONGEST_PAGE,
  offsetOf,
  offsetPageArgs,
  pageSizeOf,
  readPage,
  refuseBoth,
  searchComplexity,
  type Connection,
  type PageArgs,
} from '../graphql/connection.js';
import { ForbiddenError, InvalidInputError } from '../lib/errors.js';
import { listTaskGroups } from '../tasks/task-count-store.js';
import { TaskKindEnum } from '../tasks/task-type.graphql.js';
import { isParentKind, type Task } from '../tasks/task.js';
import { TaskConnection } from '../tasks/tasks.graphql.js';
import { cleanUpHistory, type HistoryCleanup } from './clean-up-history.js';
import {
  countHistory,
  countQueuedSince,
  listHistory,
  sumDurations,
  sumTracks,
  type TrackSums,
} from './history-store.js';
import {
  countByKindAndStatus,
  historyStatusOf,
  type HistoryCount,
  type HistoryFilter,
  type HistoryStatus,
} from './history.js';

const HistoryStatusEnum = builder.enumType('HistoryStatus', {
  description: 'Status of a download in the history, derived from its task’s state and counters.',
  values: {
    IN_PROGRESS: { description: 'The download has begun and is not finished.' },
    COMPLETED: { description: 'All tracks were downloaded, apart from skipped ones.' },
    PARTIAL: { description: 'Completed, but some children failed or were cancelled.' },
    SKIPPED: { description: 'Nothing had to be downloaded: see the state `SKIPPED` of a task.' },
    FAILED: { description: 'The download failed; the task’s `error` says why.' },
    CANCELLED: { description: 'A user cancelled the download.' },
  } satisfies Record<HistoryStatus, object>,
});

/** A subscription reuses one context for many results. */
const durationLoader = createContextCache(
  ({ db }: GraphqlContext) =>
    new DataLoader<string, number>((parentIds) => sumDurations(db, parentIds), { cache: false }),
);

builder.prismaObjectFields('Task', (t) => ({
  historyStatus: t.field({
    type: HistoryStatusEnum,
    nullable: true,
    description: 'Status shown in the download history; null for a task that has never run.',
    resolve: historyStatusOf,
  }),
  madeDurationMs: t.float({
    description:
      'Playing time of the downloaded audio in milliseconds: of a track’s file, or of all tracks of an album, playlist or artist. 0 if there is none.',
    resolve: ({ id, kind, fileDurationMs }, _args, context) =>
      isParentKind(kind) ? durationLoader(context).load(id) : (fileDurationMs ?? 0),
  }),
}));

const MAX_QUERY_LENGTH = 200;

const HistoryFilterInput = builder.inputType('HistoryFilter', {
  description: 'Selects downloads of the history. All conditions must match; omitted ones match everything.',
  fields: (t) => ({
    query: t.string({
      description: `Search text of 1 to ${MAX_QUERY_LENGTH} characters. Every word must occur in title, artists or album, regardless of case and accents; words of one or two letters match the beginning of a word.`,
    }),
    statuses: t.field({
      type: [HistoryStatusEnum],
      description: 'Only downloads with one of these statuses.',
    }),
    kinds: t.field({ type: [TaskKindEnum], description: 'Only downloads of one of these kinds.' }),
    includeChildren: t.boolean({
      defaultValue: false,
      description: 'Set to true to include tracks and albums that belong to another download.',
    }),
  }),
});

function toHistoryFilter(input: typeof HistoryFilterInput.$inferInput | null | undefined): HistoryFilter {
  const { query, ...rest } = input ?? {};
  const filter = { ...rest, statuses: distinct(rest.statuses), kinds: distinct(rest.kinds) };
  if (query === null || query === undefined) return filter;
  // PostgreSQL rejects NUL in text, and no title has a control character.
  const text = query.replace(/\p{Cc}/gu, ' ').trim();
  if (text !== '' && text.length <= MAX_QUERY_LENGTH) return { ...filter, text };
  throw new InvalidInputError(`"query" must have 1 to ${MAX_QUERY_LENGTH} characters.`, 'query');
}

async function connectHistory(
  context: GraphqlContext,
  filter: HistoryFilter,
  page: PageArgs,
): Promise<Connection<Task>> {
  refuseBoth(page);
  const size = pageSizeOf(page, LONGEST_PAGE);
  const offset = offsetOf(page);
  const after = page.after ? decodeCursor(page.after) : null;
  const { viewer } = context;
  const searches = filter.text !== undefined;
  const rows = await readPage(context, { offset, limit: size, searches }, (db) =>
    listHistory(db, viewer, { filter, offset, after, limit: size + 1 }),
  );
  return {
    ...toConnection(rows, { size, after: after ?? (offset > 0 ? offset : null) }),
    totalCount: () => readPage(context, { offset: 0, searches }, (db) => countHistory(db, viewer, filter)),
  };
}

const HistoryCountType = builder.objectRef<HistoryCount>('HistoryCount').implement({
  description: 'Number of downloads with the same kind and status.',
  fields: (t) => ({
    kind: t.expose('kind', { type: TaskKindEnum, description: 'Kind of the counted downloads.' }),
    status: t.expose('status', { type: HistoryStatusEnum, description: 'Status of the counted downloads.' }),
    count: t.exposeInt('count', {
      description: 'Number of downloads. An album, playlist or artist counts once, its children do not.',
    }),
  }),
});

const TrackSumsType = builder.objectRef<TrackSums>('TrackSums').implement({
  description: 'Totals over all downloaded tracks, whether queued alone or as part of another download.',
  fields: (t) => ({
    tracks: t.exposeInt('tracks', { description: 'Number of tracks that were downloaded.' }),
    sizeBytes: t.expose('sizeBytes', {
      type: 'BigInt',
      description: 'Total size of the downloaded files in bytes.',
    }),
  }),
});

const WEEK_MS = 7 * 86_400_000;
/** They read every row that they count. */
const STATS_COMPLEXITY = 4_000;

const HistoryStatsType = builder.objectRef<{ viewer: Viewer }>('HistoryStats').implement({
  description: 'Statistics over your downloads; admins get those of all users.',
  fields: (t) => ({
    byKindAndStatus: t.field({
      type: [HistoryCountType],
      description:
        'Number of downloads for each kind and status. Combinations without downloads are omitted.',
      resolve: async ({ viewer }, _args, { db }) => countByKindAndStatus(await listTaskGroups(db, viewer)),
    }),
    made: t.field({
      type: TrackSumsType,
      description: 'Number and total size of all tracks that were downloaded.',
      complexity: STATS_COMPLEXITY,
      resolve: ({ viewer }, _args, context) => context.reads.run(context, (db) => sumTracks(db, viewer)),
    }),
    queuedLastWeek: t.int({
      description: 'Number of downloads that were queued in the last seven days and have begun.',
      complexity: STATS_COMPLEXITY,
      resolve: ({ viewer }, _args, context: GraphqlContext) => {
        const since = new Date(context.clock.now().getTime() - WEEK_MS);
        return context.reads.run(context, (db) => countQueuedSince(db, viewer, since));
      },
    }),
  }),
});

builder.queryFields((t) => ({
  history: t.field({
    type: TaskConnection,
    description:
      'Your downloads that have begun, newest first, including dismissed ones; admins get those of all users.',
    args: {
      filter: t.arg({
        type: HistoryFilterInput,
        description: 'Restricts the history, for example to failed albums.',
      }),
      ...offsetPageArgs(t, LONGEST_PAGE),
    },
    complexity: (args) => searchComplexity(args, args.filter?.query),
    resolve: (_root, { filter, ...page }, context) => connectHistory(context, toHistoryFilter(filter), page),
  }),
  historyStats: t.field({
    type: HistoryStatsType,
    description: 'Statistics over your download history; admins get those of all users.',
    resolve: (_root, _args, { viewer }) => ({ viewer }),
  }),
}));

const HistoryCleaned = builder.objectRef<HistoryCleanup>('HistoryCleaned').implement({
  description: 'Old downloads were deleted from the history. Their files were not touched.',
  fields: (t) => ({
    deleted: t.exposeInt('deleted', {
      description: 'Number of deleted downloads, without their children, which were deleted too.',
    }),
    complete: t.exposeBoolean('complete', {
      description: 'False when time ran out: repeat the mutation to delete the rest.',
    }),
  }),
});

builder.mutationField('cleanUpHistory', (t) =>
  t.field({
    type: HistoryCleaned,
    description:
      'Deletes old finished downloads of all users from the history. The downloaded files are kept. Admins only.',
    args: {
      olderThanDays: t.arg.int({
        required: true,
        description: 'Minimum age in days since the download finished, 1 to 36,500.',
      }),
    },
    errors: {
      types: [ForbiddenError, InvalidInputError],
      union: {
        name: 'CleanUpHistoryResult',
        description: 'Number of deleted downloads, or why the call was rejected.',
      },
    },
    resolve: (_root, { olderThanDays }, context) =>
      cleanUpHistory(context, context.viewer, { olderThanDays, signal: context.signal }),
  }),
);
