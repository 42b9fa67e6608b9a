import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import { builder } from '../graphql/builder.js';
import type { GraphqlContext } from '../context.js';
import {
  LONGEST_PAGE,
  offsetOf,
  offsetPageArgs,
  pageComplexity,
  pageSizeOf,
  refuseBoth,
  type Connection,
  type PageArgs,
} from '../graphql/connection.js';
import { ForbiddenError, InvalidInputError } from '../lib/errors.js';
import { decodeCursor, toConnection } from '../database/pagination.js';
import { TaskKindEnum } from '../tasks/task-type.graphql.js';
import { TaskConnection } from '../tasks/tasks.graphql.js';
import { isParentKind, type Task } from '../tasks/task.js';
import { countHistory } from './count-history.js';
import { cleanUpHistory, type HistoryCleanup } from './clean-up-history.js';
import { sumDurations } from './history-stats-store.js';
import { listHistory } from './history-store.js';
import { historyStatusOf, type HistoryFilter, type HistoryStatus } from './history.js';

export const HistoryStatusEnum = builder.enumType('HistoryStatus', {
  description: 'How a download of the past is told of.',
  values: {
    IN_PROGRESS: { description: 'Has begun and has not ended.' },
    COMPLETED: { description: 'Done; of a list, every part that was not skipped.' },
    PARTIAL: { description: 'A list of which some parts failed or were cancelled.' },
    SKIPPED: { description: 'All of it was there already, left out, or left to another task.' },
    FAILED: { description: 'Ended without success.' },
    CANCELLED: { description: 'Ended by hand.' },
  } satisfies Record<HistoryStatus, object>,
});

builder.prismaObjectField('Task', 'historyStatus', (t) =>
  t.field({
    type: HistoryStatusEnum,
    nullable: true,
    description: 'How history tells of it; null for a task that has not begun.',
    resolve: historyStatusOf,
  }),
);

/** Nothing is kept: a subscription asks again and again in one context. */
const durationLoader = createContextCache(
  ({ db }: GraphqlContext) =>
    new DataLoader<string, number>((listIds) => sumDurations(db, listIds), { cache: false }),
);

builder.prismaObjectField('Task', 'madeDurationMs', (t) =>
  t.float({
    description: 'Of a list: milliseconds of audio that were made of it. Of a track: those of its file.',
    resolve: ({ id, kind, fileDurationMs }, _args, context) =>
      isParentKind(kind) ? durationLoader(context).load(id) : (fileDurationMs ?? 0),
  }),
);

const MAX_QUERY_LENGTH = 200;

const HistoryFilterInput = builder.inputType('HistoryFilter', {
  description: 'Which downloads are wanted; what is absent does not narrow.',
  fields: (t) => ({
    query: t.string({
      description: `Words of title, artists and album, 1 to ${MAX_QUERY_LENGTH} characters: all must be there, in any case and with any accents; those of one or two letters at the beginning of a word.`,
    }),
    statuses: t.field({ type: [HistoryStatusEnum], description: 'Only those with one of these statuses.' }),
    kinds: t.field({ type: [TaskKindEnum], description: 'Only those of one of these kinds.' }),
    includeChildren: t.boolean({
      defaultValue: false,
      description: 'Whether tasks that are part of another are wanted too.',
    }),
  }),
});

/** Throws InvalidInputError for a search that is empty or too long. */
function toHistoryFilter(input: typeof HistoryFilterInput.$inferInput | null | undefined): HistoryFilter {
  const { query, ...filter } = input ?? {};
  if (query === null || query === undefined) return filter;
  // PostgreSQL takes no NUL in a text, and no title has a control character.
  const text = query.replace(/\p{Cc}/gu, ' ').trim();
  if (text !== '' && text.length <= MAX_QUERY_LENGTH) return { ...filter, text };
  throw new InvalidInputError(`query: allowed are 1 to ${MAX_QUERY_LENGTH} characters.`, 'query');
}

builder.queryField('history', (t) =>
  t.field({
    type: TaskConnection,
    description:
      'Your downloads that have begun or ended, an admin’s everybody’s, the newest first; also those that were dismissed.',
    args: {
      filter: t.arg({ type: HistoryFilterInput, description: 'Which ones.' }),
      ...offsetPageArgs(t, LONGEST_PAGE),
    },
    complexity: pageComplexity,
    resolve: (_root, { filter, ...page }, context) => connectHistory(context, toHistoryFilter(filter), page),
  }),
);

async function connectHistory(
  context: GraphqlContext,
  filter: HistoryFilter,
  page: PageArgs,
): Promise<Connection<Task>> {
  const { db, viewer } = context;
  refuseBoth(page);
  const size = pageSizeOf(page, LONGEST_PAGE);
  const offset = offsetOf(page);
  const after = page.after ? decodeCursor(page.after) : null;
  const rows = await listHistory(db, viewer, { filter, offset, after, limit: size + 1 });
  return {
    ...toConnection(rows, { size, after: after ?? (offset > 0 ? offset : null) }),
    totalCount: () => countHistory(context, viewer, filter),
  };
}

const HistoryCleaned = builder.objectRef<HistoryCleanup>('HistoryCleaned').implement({
  description: 'What was forgotten; the files stay.',
  fields: (t) => ({
    deleted: t.exposeInt('deleted', { description: 'Downloads, each with all its parts.' }),
    complete: t.exposeBoolean('complete', {
      description: 'False when there is more than could be done in time: the same call goes on.',
    }),
  }),
});

builder.mutationField('cleanUpHistory', (t) =>
  t.field({
    type: HistoryCleaned,
    description: 'Forgets everybody’s downloads that ended long ago. For admins. Files stay where they are.',
    args: {
      olderThanDays: t.arg.int({ required: true, description: 'Days since they ended, 1 to 36,500.' }),
    },
    errors: {
      types: [ForbiddenError, InvalidInputError],
      union: { name: 'CleanUpHistoryResult', description: 'What came of it.' },
    },
    resolve: (_root, { olderThanDays }, context) =>
      cleanUpHistory(context, context.viewer, { olderThanDays, signal: context.signal }),
  }),
);
