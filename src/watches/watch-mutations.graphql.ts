import { CatalogItemNotFoundError, InvalidItemError } from '../catalog/errors.js';
import { InvalidOptionsError } from '../downloads/errors.js';
import { builder } from '../graphql/builder.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { InvalidInputError, UpstreamLimitedError } from '../lib/errors.js';
import { FormatUnavailableError } from '../media/errors.js';
import { TaskOutcome, TaskType } from '../tasks/task-type.graphql.js';
import type { Task } from '../tasks/task.js';
import { WatchExpiredError, WatchingDisabledError, WatchNotFoundError } from './errors.js';
import {
  checkAllWatches,
  checkWatch,
  unwatch,
  updateWatch,
  watchItem,
  type Watched,
} from './manage-watches.js';
import { toChange, UpdateWatchInput, WatchInput } from './watch-inputs.graphql.js';
import { WATCH_ID, WATCH_KIND, WatchKindEnum, WatchType } from './watch-type.graphql.js';
import type { Watch } from './watch.js';

const WatchSaved = builder.objectRef<Watched>('WatchSaved').implement({
  description: 'The playlist or artist is watched. The first check begins at once, unless watching is off.',
  fields: (t) => ({
    watch: t.field({
      type: WatchType,
      description: 'The watch with its options.',
      resolve: ({ watch }) => watch,
    }),
    added: t.exposeBoolean('added', {
      description: 'False if it was watched already: then the options that were given replaced its own.',
    }),
  }),
});

const watchOutcome = (name: string, texts: { whole: string; watch: string }) =>
  builder.objectRef<Watch>(name).implement({
    description: texts.whole,
    fields: (t) => ({
      watch: t.field({ type: WatchType, description: texts.watch, resolve: (watch) => watch }),
    }),
  });

const MANAGE = { MANAGE: true } as const;
const REFERENCE_ERRORS = [WatchNotFoundError, InvalidItemError, InvalidInputError] as const;

builder.mutationFields((t) => ({
  watch: t.field({
    type: WatchSaved,
    authScopes: MANAGE,
    description:
      'Follows a playlist or artist: it is checked again and again, and what is new is downloaded.',
    args: {
      input: t.arg({ type: WatchInput, required: true, description: 'What to follow, with its options.' }),
    },
    errors: {
      types: [
        CatalogItemNotFoundError,
        InvalidItemError,
        InvalidInputError,
        InvalidOptionsError,
        FormatUnavailableError,
        UpstreamLimitedError,
      ],
      union: { name: 'WatchResult', description: 'The saved watch, or why nothing is watched.' },
    },
    resolve: (_root, { input }, context) =>
      watchItem(context, context.viewer, {
        item: input.item,
        kind: input.kind ?? null,
        options: toChange(input),
        signal: context.signal,
      }),
  }),
  unwatch: t.field({
    type: watchOutcome('Unwatched', {
      whole: 'The playlist or artist is no longer watched. Files and downloads stay.',
      watch: 'The watch as it was.',
    }),
    authScopes: MANAGE,
    description: 'Stops following a playlist or artist. Downloads that are queued go on.',
    args: { id: t.arg.id(WATCH_ID), kind: t.arg(WATCH_KIND) },
    errors: {
      types: [...REFERENCE_ERRORS],
      union: { name: 'UnwatchResult', description: 'The removed watch, or why it was not removed.' },
    },
    resolve: (_root, args, context) =>
      unwatch(context, context.viewer, { id: args.id, kind: args.kind ?? null }),
  }),
}));

builder.mutationFields((t) => ({
  updateWatch: t.field({
    type: watchOutcome('WatchUpdated', {
      whole: 'The options of the watch were changed, and it is checked soon.',
      watch: 'The watch with its new options.',
    }),
    authScopes: MANAGE,
    description: 'Changes the options of a watch, pauses or resumes it.',
    args: {
      input: t.arg({ type: UpdateWatchInput, required: true, description: 'The watch and its new options.' }),
    },
    errors: {
      types: [...REFERENCE_ERRORS, InvalidOptionsError, FormatUnavailableError],
      union: { name: 'UpdateWatchResult', description: 'The changed watch, or why it was not changed.' },
    },
    resolve: (_root, { input }, context) =>
      updateWatch(context, context.viewer, {
        id: input.id,
        kind: input.kind ?? null,
        change: toChange(input),
      }),
  }),
}));

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
    authScopes: MANAGE,
    description: 'Checks one watch now, also a paused one, but none that has ended.',
    args: { id: t.arg.id(WATCH_ID), kind: t.arg(WATCH_KIND) },
    errors: {
      types: [...REFERENCE_ERRORS, WatchingDisabledError, WatchExpiredError, FormatUnavailableError],
      union: { name: 'CheckWatchResult', description: 'The queued check, or why nothing is checked.' },
    },
    resolve: (_root, args, context) =>
      checkWatch(context, context.viewer, { id: args.id, kind: args.kind ?? null }),
  }),
  checkAllWatches: t.field({
    type: ChecksQueued,
    authScopes: MANAGE,
    description: 'Checks all your watches now, without those that are paused or have ended.',
    args: { kind: t.arg({ type: WatchKindEnum, description: 'Only watches of this kind.' }) },
    errors: {
      types: [WatchingDisabledError, FormatUnavailableError],
      union: { name: 'CheckAllWatchesResult', description: 'The queued checks, or why nothing is checked.' },
    },
    resolve: (_root, args, context) => checkAllWatches(context, context.viewer, { kind: args.kind ?? null }),
  }),
}));
