import type { Viewer } from '../auth/viewer.js';
import { builder } from '../graphql/builder.js';
import type { GraphqlContext } from '../context.js';
import { TaskKindEnum } from '../tasks/task-type.graphql.js';
import { countByKindAndStatus, type HistoryCount } from './count-history.js';
import { countSince, sumTracks } from './history-stats-store.js';
import { HistoryStatusEnum } from './history.graphql.js';

const HistoryCountType = builder.objectRef<HistoryCount>('HistoryCount').implement({
  description: 'How many downloads of one kind stand alike.',
  fields: (t) => ({
    kind: t.expose('kind', { type: TaskKindEnum, description: 'The kind.' }),
    status: t.expose('status', { type: HistoryStatusEnum, description: 'The status.' }),
    count: t.exposeInt('count', { description: 'How many; lists are counted once.' }),
  }),
});

interface TrackSums {
  tracks: number;
  sizeBytes: bigint;
}

const TrackSumsType = builder.objectRef<TrackSums>('TrackSums').implement({
  description: 'Tracks that were made, by themselves or as part of a list.',
  fields: (t) => ({
    tracks: t.exposeInt('tracks', { description: 'How many.' }),
    sizeBytes: t.expose('sizeBytes', { type: 'BigInt', description: 'The size of their files in bytes.' }),
  }),
});

const WEEK_MS = 7 * 86_400_000;

const HistoryStatsType = builder.objectRef<{ viewer: Viewer }>('HistoryStats').implement({
  description: 'Numbers about your downloads, for an admin about everybody’s.',
  fields: (t) => ({
    byKindAndStatus: t.field({
      type: [HistoryCountType],
      description: 'Downloads by what they are and how they stand; what there is none of is left out.',
      resolve: ({ viewer }, _args, context) => countByKindAndStatus(context, viewer),
    }),
    made: t.field({
      type: TrackSumsType,
      description: 'Tracks that were made.',
      resolve: ({ viewer }, _args, { db }) => sumTracks(db, viewer),
    }),
    queuedLastWeek: t.int({
      description: 'Downloads that were queued in the last seven days and have begun.',
      resolve: ({ viewer }, _args, { db, clock }: GraphqlContext) =>
        countSince(db, viewer, new Date(clock.now().getTime() - WEEK_MS)),
    }),
  }),
});

builder.queryField('historyStats', (t) =>
  t.field({
    type: HistoryStatsType,
    description: 'Numbers about your downloads, for an admin about everybody’s.',
    resolve: (_root, _args, { viewer }) => ({ viewer }),
  }),
);
