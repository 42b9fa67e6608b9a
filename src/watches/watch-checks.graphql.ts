import { InvalidItemError } from '../catalog/errors.js';
import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { InvalidInputError } from '../lib/errors.js';
import { FormatUnavailableError } from '../media/errors.js';
import { TaskOutcome, TaskType } from '../tasks/task-type.graphql.js';
import type { Task } from '../tasks/task.js';
import { WatchExpiredError, WatchingDisabledError, WatchNotFoundError } from './errors.js';
import { checkAllWatches, checkWatch } from './manage-watches.js';
import { WATCH_ID, WATCH_KIND, WatchKindEnum } from './watch-type.graphql.js';

builder.objectType(WatchingDisabledError, {
  name: 'WatchingDisabled',
  description: 'Watching is off. Watches can be changed, but are not checked until an admin turns it on.',
  interfaces: [ErrorInterface],
});

builder.objectType(WatchExpiredError, {
  name: 'WatchExpired',
  description: 'The watch has ended by its `expiresAt`. Give it a later time, or null, to check it again.',
  interfaces: [ErrorInterface],
});

const CheckQueued = builder.objectRef<Task>('CheckQueued').implement({
  description: 'The check is queued, or was queued already. Follow its task with `taskUpdates`.',
  interfaces: [TaskOutcome],
});

const ChecksQueued = builder.objectRef<Task[]>('ChecksQueued').implement({
  description: 'The checks of all your watches are queued.',
  fields: (t) => ({
    tasks: t.field({
      type: [TaskType],
      description: 'One task for each watch that is neither paused nor at its end.',
      resolve: (tasks) => tasks,
    }),
  }),
});

builder.mutationFields((t) => ({
  checkWatch: t.field({
    type: CheckQueued,
    authScopes: { MANAGE: true },
    description: 'Checks one watch now, also a paused one, but none that has ended.',
    args: { id: t.arg.id(WATCH_ID), kind: t.arg(WATCH_KIND) },
    errors: {
      types: [
        WatchNotFoundError,
        InvalidItemError,
        InvalidInputError,
        WatchingDisabledError,
        WatchExpiredError,
        FormatUnavailableError,
      ],
      union: { name: 'CheckWatchResult', description: 'The queued check, or why nothing is checked.' },
    },
    resolve: (_root, args, context) =>
      checkWatch(context, context.viewer, { id: args.id, kind: args.kind ?? null }),
  }),
  checkAllWatches: t.field({
    type: ChecksQueued,
    authScopes: { MANAGE: true },
    description: 'Checks all your watches now, without those that are paused or have ended.',
    args: { kind: t.arg({ type: WatchKindEnum, description: 'Only watches of this kind.' }) },
    errors: {
      types: [WatchingDisabledError, FormatUnavailableError],
      union: { name: 'CheckAllWatchesResult', description: 'The queued checks, or why nothing is checked.' },
    },
    resolve: (_root, args, context) => checkAllWatches(context, context.viewer, { kind: args.kind ?? null }),
  }),
}));
