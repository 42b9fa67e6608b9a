import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import { builder } from '../graphql/builder.js';
import type { GraphqlContext } from '../context.js';
import { listOwners } from './task-owner-store.js';

/**
 * One query for all tasks of a page, however they were read; a relation would read those tasks again that did not
 * come by a selection. Nothing is kept: a subscription asks again and again in one context.
 */
const ownerLoader = createContextCache(
  ({ db }: GraphqlContext) =>
    new DataLoader(
      async (ids: readonly string[]) => {
        const owners = new Map((await listOwners(db, [...new Set(ids)])).map((owner) => [owner.id, owner]));
        return ids.map((id) => owners.get(id) ?? new Error(`There is no user ${id}`));
      },
      { cache: false },
    ),
);

builder.prismaObjectField('Task', 'owner', (t) =>
  t.prismaField({
    type: 'User',
    description: 'Who queued it.',
    resolve: (_query, { ownerId }, _args, context) => ownerLoader(context).load(ownerId),
  }),
);
