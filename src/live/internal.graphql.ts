import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { GraphqlContext } from '../context.js';
import { toConnection } from '../database/pagination.js';
import { readSequence } from '../database/sequence.js';
import { builder, INTERNAL } from '../graphql/builder.js';
import { MAX_PAGE, offsetOf, pageComplexity, pageSizeOf, readPage } from '../graphql/connection.js';
import { distinct } from '../graphql/input-limits.js';
import { awaitTurn } from '../graphql/large-results.js';
import { listQueuedChildren, MAX_QUEUED_CHILDREN, type QueuedChildren } from '../tasks/queued-children.js';
import { listChildSummaries, MAX_OUTCOMES, type ChildSummary } from '../tasks/task-children-store.js';
import { listActiveFirst } from '../tasks/task-store.js';
import { TaskKindEnum, TaskStateEnum, TaskType, UNCACHED } from '../tasks/task-type.graphql.js';
import { isFinished, isParentKind } from '../tasks/task.js';
import { TaskConnection } from '../tasks/tasks.graphql.js';
import { pollTasks, type PollResult } from './live-store.js';

/* What REST documents read about tasks, in forms that no client of GraphQL needs. */

const TaskChildType = builder.objectRef<ChildSummary>('TaskChild').implement({
  description: 'Summary of a child task, for showing it with its parent. Query `task` for all of its fields.',
  fields: (t) => ({
    kind: t.expose('kind', {
      type: TaskKindEnum,
      description: 'Kind of the child: TRACK, or ALBUM for an artist.',
    }),
    state: t.expose('state', { type: TaskStateEnum, description: 'Current state of the child.' }),
    number: t.int({
      description: 'Position among the parent’s children, from 1.',
      resolve: ({ position }) => position + 1,
    }),
    title: t.exposeString('title', { description: 'Title of the track or album.' }),
    artists: t.exposeStringList('artists', { description: 'Names of its artists, the main artist first.' }),
    album: t.exposeString('album', {
      nullable: true,
      description: 'Title of a track’s album; null for an album.',
    }),
    progress: t.exposeFloat('progress', { description: 'Progress of the child in percent, 0 to 100.' }),
    attempt: t.exposeInt('attempt', {
      description: 'Number of the child’s latest attempt, from 1; 0 before the first.',
    }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a RETRYING child is queued again; null in other states.',
    }),
    problem: t.exposeString('errorMessage', {
      nullable: true,
      description: 'Why the child failed, was skipped or will be retried; null if there is no such reason.',
    }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the child last changed.' }),
  }),
});

const summaryLoader = createContextCache(
  ({ db }: GraphqlContext) =>
    new DataLoader<string, ChildSummary[]>(async (parentIds) => {
      const byParent = new Map(parentIds.map((id): [string, ChildSummary[]] => [id, []]));
      for (const child of await listChildSummaries(db, parentIds)) byParent.get(child.parentId)?.push(child);
      return parentIds.map((id) => byParent.get(id) ?? []);
    }, UNCACHED),
);

function currentOf(children: ChildSummary[]): ChildSummary | null {
  return children.find(({ state }) => state === 'RUNNING') ?? children[0] ?? null;
}

const QueuedChildrenType = builder.objectRef<QueuedChildren>('QueuedChildren').implement({
  description: `First ${MAX_QUEUED_CHILDREN} children of a queued album, playlist or artist; \`Task.children\` pages through all.`,
  fields: (t) => ({
    queued: t.field({
      type: [TaskType],
      description: 'Child tasks in their order, without those that are in `duplicates`.',
      resolve: ({ queued }) => queued,
    }),
    duplicates: t.field({
      type: [TaskType],
      description: 'For an artist: existing tasks of albums that had been queued already.',
      resolve: ({ duplicates }) => duplicates,
    }),
  }),
});

builder.prismaObjectFields('Task', (t) => ({
  currentChild: t.field({
    ...INTERNAL,
    type: TaskChildType,
    nullable: true,
    description: 'Summary of the task in `current`.',
    // No promise without a query: most tasks of a page have no children.
    resolve: (task, _args, context) =>
      isParentKind(task.kind) && task.state === 'RUNNING'
        ? summaryLoader(context).load(task.id).then(currentOf)
        : null,
  }),
  outcomes: t.field({
    ...INTERNAL,
    type: [TaskChildType],
    description: `Finished children among the first ${MAX_OUTCOMES} of a finished parent, in order; empty for other tasks.`,
    resolve: (task, _args, context) =>
      isParentKind(task.kind) && isFinished(task.state) ? summaryLoader(context).load(task.id) : [],
  }),
  queuedChildren: t.field({
    ...INTERNAL,
    type: QueuedChildrenType,
    description:
      'Children of an album, playlist or artist that was just queued; waits a few seconds for them to be inserted. Empty for a track.',
    complexity: { field: 1, multiplier: MAX_QUEUED_CHILDREN },
    resolve: (task, _args, context) => listQueuedChildren(context, context.viewer, task.id),
  }),
}));

builder.queryFields((t) => ({
  taskSequence: t.string({
    ...INTERNAL,
    description:
      'The current position in the stream of task changes. Read it before you read tasks, then pass it as `since` to `taskUpdates` to miss no change in between.',
    resolve: async (_root, _args, { db }) => (await readSequence(db)).toString(),
  }),
  activeFirstTasks: t.field({
    ...INTERNAL,
    type: TaskConnection,
    description:
      'Active tasks before finished ones, each by the time of queueing, the latest first. Pages are selected with `offset` only.',
    args: {
      states: t.arg({
        type: [TaskStateEnum],
        description: 'Restricts the list to tasks in one of these states.',
      }),
      first: t.arg.int({ required: true, description: `Number of tasks on a page, 1 to ${MAX_PAGE}.` }),
      offset: t.arg.int({ defaultValue: 0, description: 'Number of tasks on earlier pages.' }),
      activeUpTo: t.arg.int({
        defaultValue: 0,
        description:
          'Extends the page at `offset` 0 so that it holds all active tasks, up to this many. Later pages, `first` apart, continue where it ends.',
      }),
    },
    complexity: pageComplexity,
    resolve: async (_root, { states, activeUpTo, ...page }, context) => {
      const [limit, offset] = [pageSizeOf(page), offsetOf(page)];
      const request = { filter: { states: distinct(states) }, activeUpTo: activeUpTo ?? 0, offset, limit };
      const { tasks, size, total } = await readPage(context, { offset, limit }, (db) =>
        listActiveFirst(db, context.viewer, request),
      );
      await awaitTurn(context, Math.max(0, tasks.length - limit));
      return { ...toConnection(tasks, { size, after: offset > 0 ? offset : null }), totalCount: total };
    },
  }),
}));

/** The next polls return the others: the earliest changes come first. */
const MAX_ACTIVE = 1_000;

const ChangedTasks = builder.objectRef<PollResult>('ChangedTasks').implement({
  description: 'Result of one poll for changed tasks.',
  fields: (t) => ({
    at: t.expose('at', {
      type: 'DateTime',
      description: 'Pass this as `since` in the next poll to miss no change; some changes may be repeated.',
    }),
    tasks: t.field({
      type: [TaskType],
      description: 'All active tasks, then one page of finished tasks.',
      resolve: ({ tasks }) => tasks,
    }),
    finishedCount: t.exposeInt('finishedCount', {
      description: 'Number of finished tasks on all pages.',
    }),
    hasMore: t.exposeBoolean('hasMore', {
      description: 'Whether more finished tasks follow this page.',
    }),
  }),
});

builder.queryField('changedTasks', (t) =>
  t.field({
    ...INTERNAL,
    type: ChangedTasks,
    description:
      'Top-level tasks that changed, or had a child change, since `since`, dismissed ones included; without it, all tasks that are not dismissed.',
    args: {
      since: t.arg({ type: 'DateTime', description: 'The `at` of your previous poll.' }),
      activeOnly: t.arg.boolean({ defaultValue: false, description: 'Leaves out finished tasks.' }),
      first: t.arg.int({
        defaultValue: 20,
        description: `Number of finished tasks to return, 1 to ${MAX_PAGE}.`,
      }),
      offset: t.arg.int({ description: 'Number of finished tasks to skip.' }),
    },
    complexity: ({ offset }) => ({ ...pageComplexity({ offset }), multiplier: MAX_PAGE }),
    resolve: async (_root, { since, activeOnly, ...page }, context) => {
      const poll = {
        since: since ?? null,
        activeOnly: activeOnly ?? false,
        activeLimit: MAX_ACTIVE,
        limit: pageSizeOf(page),
        offset: offsetOf(page),
      };
      const result = await readPage(context, poll, (db) => pollTasks(db, context.viewer, poll));
      await awaitTurn(context, Math.max(0, result.tasks.length - poll.limit));
      return result;
    },
  }),
);
