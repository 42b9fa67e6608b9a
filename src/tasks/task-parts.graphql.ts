import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import { builder } from '../graphql/builder.js';
import type { GraphqlContext } from '../context.js';
import { encodeNodeId } from '../graphql/node-id.js';
import { listParts, MAX_OUTCOMES, type TaskPart } from './task-parts-store.js';
import { TaskKindEnum, TaskStateEnum } from './task-type.graphql.js';
import { isParentKind, isTerminal } from './task.js';

/** One query for all lists of a page. Nothing is kept: a subscription asks again and again in one context. */
const partsLoader = createContextCache(
  ({ db }: GraphqlContext) =>
    new DataLoader<string, TaskPart[]>(
      async (parentIds) => {
        const lists = new Map(parentIds.map((id): [string, TaskPart[]] => [id, []]));
        for (const part of await listParts(db, parentIds)) lists.get(part.parentId)?.push(part);
        return parentIds.map((id) => lists.get(id) ?? []);
      },
      { cache: false },
    ),
);

const TaskPartType = builder.objectRef<TaskPart>('TaskPart').implement({
  description: 'A part of a list, as far as the list tells of it; its task has the rest.',
  fields: (t) => ({
    taskId: t.id({ description: 'The id of its task.', resolve: ({ id }) => encodeNodeId('Task', id) }),
    kind: t.expose('kind', { type: TaskKindEnum, description: 'What it is.' }),
    state: t.expose('state', { type: TaskStateEnum, description: 'Where it stands.' }),
    number: t.int({ description: 'Place in the list, from 1.', resolve: ({ position }) => position + 1 }),
    title: t.exposeString('title', { description: 'Its item’s title.' }),
    artists: t.exposeStringList('artists', { description: 'The names of its item’s artists.' }),
    album: t.exposeString('album', { nullable: true, description: 'A track’s album.' }),
    progress: t.exposeFloat('progress', { description: 'Percent, 0 to 100.' }),
    attempt: t.exposeInt('attempt', { description: 'Number of the latest try, from 1.' }),
    retryAt: t.expose('retryAt', {
      type: 'DateTime',
      nullable: true,
      description: 'RETRYING only: when the next try is due.',
    }),
    problem: t.exposeString('errorMessage', {
      nullable: true,
      description: 'Why it failed, or why it is being tried again.',
    }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

function partAtWork(parts: TaskPart[]): TaskPart | null {
  return parts.find(({ state }) => state === 'RUNNING') ?? parts[0] ?? null;
}

builder.prismaObjectFields('Task', (t) => ({
  current: t.field({
    type: TaskPartType,
    nullable: true,
    description: 'Of a list that runs: the part that is being worked on, the first where there are several.',
    // No promise where there is nothing to wait for: most tasks of a page are no lists.
    resolve: (task, _args, context) =>
      isParentKind(task.kind) && task.state === 'RUNNING'
        ? partsLoader(context).load(task.id).then(partAtWork)
        : null,
  }),
  outcomes: t.field({
    type: [TaskPartType],
    description: `Of a list that has ended: how its first ${MAX_OUTCOMES} parts did, in order.`,
    resolve: (task, _args, context) =>
      isParentKind(task.kind) && isTerminal(task.state) ? partsLoader(context).load(task.id) : [],
  }),
}));
