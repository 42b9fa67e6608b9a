import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { Viewer } from '../auth/viewer.js';
import type { GraphqlContext } from '../context.js';
import { toConnection, type KeysetOrder } from '../database/pagination.js';
import { builder } from '../graphql/builder.js';
import { distinct } from '../graphql/input-limits.js';
import {
  keysetPageArgs,
  keysetPageOf,
  lazyConnection,
  LONGEST_PAGE,
  readPage,
  searchComplexity,
  type Connection,
  type KeysetPageArgs,
} from '../graphql/connection.js';
import { ForbiddenError } from '../auth/errors.js';
import { InvalidInputError } from '../lib/errors.js';
import { listTaskGroups } from '../tasks/task-count-store.js';
import { TaskKindEnum } from '../tasks/task-type.graphql.js';
import { isParentKind, type Task } from '../tasks/task.js';
import { rowFilterFields, TaskConnection, TaskOrderEnum, toRowFilter } from '../tasks/tasks.graphql.js';
import { cleanUpHistory, type HistoryCleanup } from './clean-up-history.js';
import {
  countHistory,
  countsRows,
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
    PARTIAL: { description: 'Completed, but some children failed or were canceled.' },
    SKIPPED: { description: 'Nothing had to be downloaded: see the state `SKIPPED` of a task.' },
    FAILED: { description: 'The download failed; the task’s `error` says why.' },
    CANCELLED: { description: 'A user canceled the download.' },
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
  madeDurationMs: t.field({
    type: 'BigInt',
    description:
      'Playing time of the downloaded audio in milliseconds: of a track’s file, or of all tracks of an album, playlist or artist. 0 without a file.',
    resolve: ({ id, kind, fileDurationMs }, _args, context) =>
      isParentKind(kind) ? durationLoader(context).load(id) : (fileDurationMs ?? 0n),
  }),
}));

const HistoryFilterInput = builder.inputType('HistoryFilter', {
  description: 'Selects downloads of the history. All conditions must match; omitted ones match everything.',
  fields: (t) => ({
    statuses: t.field({
      type: [HistoryStatusEnum],
      description: 'Only downloads with one of these statuses.',
    }),
    kinds: t.field({ type: [TaskKindEnum], description: 'Only downloads of one of these kinds.' }),
    includeChildren: t.boolean({
      defaultValue: false,
      description: 'Set to true to include tracks and albums that belong to another download.',
    }),
    ...rowFilterFields(t, 'downloads'),
  }),
});

function toHistoryFilter(input: typeof HistoryFilterInput.$inferInput | null | undefined): HistoryFilter {
  const { statuses, kinds, includeChildren } = input ?? {};
  return {
    statuses: distinct(statuses),
    kinds: distinct(kinds),
    includeChildren: includeChildren ?? false,
    ...toRowFilter(input),
  };
}

function connectHistory(
  context: GraphqlContext,
  { filter, order }: { filter: HistoryFilter; order: KeysetOrder },
  args: KeysetPageArgs,
): Connection<Task> {
  const page = keysetPageOf(args, LONGEST_PAGE);
  const { viewer } = context;
  const searches = countsRows(filter);
  const { offset, size: limit } = page;
  return lazyConnection({
    size: page.size,
    read: async () =>
      toConnection(
        await readPage(context, { offset, limit, searches }, (db) =>
          listHistory(db, viewer, { ...page, filter, order }),
        ),
        page,
      ),
    totalCount: () => readPage(context, { offset: 0, searches }, (db) => countHistory(db, viewer, filter)),
  });
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
    trackCount: t.exposeInt('trackCount', { description: 'Number of tracks that were downloaded.' }),
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
    description: 'Your downloads that have begun, including dismissed ones; admins get those of all users.',
    args: {
      filter: t.arg({
        type: HistoryFilterInput,
        description: 'Restricts the history, for example to failed albums.',
      }),
      orderBy: t.arg({
        type: TaskOrderEnum,
        defaultValue: 'NEWEST_FIRST',
        description: 'Order of the history, by the time of queueing.',
      }),
      ...keysetPageArgs(t, LONGEST_PAGE),
    },
    complexity: (args) => searchComplexity(args, args.filter?.query),
    resolve: (_root, { filter, orderBy, ...page }, context) =>
      connectHistory(context, { filter: toHistoryFilter(filter), order: orderBy ?? 'NEWEST_FIRST' }, page),
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
    deletedCount: t.exposeInt('deletedCount', {
      description: 'Number of deleted downloads, without their children, which were deleted too.',
    }),
    complete: t.exposeBoolean('complete', {
      description: 'False when time ran out: repeat the mutation to delete the rest.',
    }),
  }),
});

builder.mutationField('cleanUpHistory', (t) =>
  t.field({
    authScopes: { ADMIN: true },
    type: HistoryCleaned,
    description:
      'Deletes old finished downloads of all users from the history. The downloaded files are kept.',
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
      cleanUpHistory(context, context, { olderThanDays, signal: context.signal }),
  }),
);
