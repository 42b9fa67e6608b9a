import { albumGroup } from '../catalog/catalog-item.js';
import { CatalogItemNotFoundError, InvalidItemError } from '../catalog/errors.js';
import { ABOUT_REFERENCE } from '../catalog/item-types.graphql.js';
import { builder, enumTypeOf } from '../graphql/builder.js';
import { InvalidInputError, UpstreamLimitedError } from '../lib/errors.js';
import { FormatUnavailableError } from '../media/errors.js';
import { TaskOutcome, TaskType } from '../tasks/task-type.graphql.js';
import type { Task } from '../tasks/task.js';
import { WatchingDisabledError, WatchNotFoundError } from './errors.js';
import {
  checkAllWatches,
  checkWatch,
  markMembers,
  unwatch,
  updateWatch,
  watchItem,
  type Marked,
  type Watched,
} from './manage-watches.js';
import type { WatchChange } from './watch-store.js';
import { WATCH_ID, WATCH_KIND, WatchKindEnum, WatchType } from './watch-type.graphql.js';
import type { Watch } from './watch.js';

const about = {
  existing: 'Whether to download what is in the list at the first check; false if omitted.',
  added: 'Whether to download what comes to the list later; true if omitted.',
  groups: 'For an artist, the kinds of albums to follow; omitted or empty: the setting `watchedAlbumGroups`.',
  expires: 'When checks end by themselves; omitted: never.',
};

const WatchInput = builder.inputType('WatchInput', {
  description: 'The playlist or artist to follow, and what to download of it.',
  fields: (t) => ({
    item: t.string({ required: true, description: `${ABOUT_REFERENCE} A playlist or an artist.` }),
    kind: t.field({
      type: WatchKindEnum,
      description:
        'Whether `item` is a playlist or an artist, where it does not say; omitted, both are tried.',
    }),
    downloadExisting: t.boolean({ description: about.existing }),
    downloadNew: t.boolean({ description: about.added }),
    albumGroups: t.field({ type: [enumTypeOf(albumGroup)], description: about.groups }),
    expiresAt: t.field({ type: 'DateTime', description: about.expires }),
  }),
});

const UpdateWatchInput = builder.inputType('UpdateWatchInput', {
  description: 'A watch and what to change of it; omitted options keep their value.',
  fields: (t) => ({
    id: t.id(WATCH_ID),
    kind: t.field(WATCH_KIND),
    paused: t.boolean({ description: 'True to pause the checks, false to resume them.' }),
    downloadExisting: t.boolean({
      description: 'Whether to download what was in the list from the beginning.',
    }),
    downloadNew: t.boolean({ description: 'Whether to download what comes later.' }),
    albumGroups: t.field({
      type: [enumTypeOf(albumGroup)],
      description: 'For an artist, the kinds of albums to follow from now on; empty: as the setting says.',
    }),
    expiresAt: t.field({ type: 'DateTime', description: 'When checks are to end; null for never.' }),
  }),
});

/** Omitted and null mean the same, but null resets the only option that can be null. */
function toChange(input: Partial<typeof UpdateWatchInput.$inferInput>): WatchChange {
  const { paused, downloadExisting, downloadNew, albumGroups, expiresAt } = input;
  return {
    ...(typeof paused === 'boolean' && { paused }),
    ...(typeof downloadExisting === 'boolean' && { downloadExisting }),
    ...(typeof downloadNew === 'boolean' && { downloadNew }),
    ...(albumGroups && { albumGroups }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

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
      types: [...REFERENCE_ERRORS],
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

const CheckQueued = builder.objectRef<Task>('CheckQueued').implement({
  description: 'The check is queued, or was queued already. Follow its task with `taskUpdates`.',
  interfaces: [TaskOutcome],
});

const ChecksQueued = builder.objectRef<Task[]>('ChecksQueued').implement({
  description: 'The checks of all your watches are queued.',
  fields: (t) => ({
    tasks: t.field({
      type: [TaskType],
      description: 'One task for each watch that is not paused.',
      resolve: (tasks) => tasks,
    }),
  }),
});

builder.mutationFields((t) => ({
  checkWatch: t.field({
    type: CheckQueued,
    authScopes: MANAGE,
    description: 'Checks one watch now, also a paused one.',
    args: { id: t.arg.id(WATCH_ID), kind: t.arg(WATCH_KIND) },
    errors: {
      types: [...REFERENCE_ERRORS, WatchingDisabledError, FormatUnavailableError],
      union: { name: 'CheckWatchResult', description: 'The queued check, or why nothing is checked.' },
    },
    resolve: (_root, args, context) =>
      checkWatch(context, context.viewer, { id: args.id, kind: args.kind ?? null }),
  }),
  checkAllWatches: t.field({
    type: ChecksQueued,
    authScopes: MANAGE,
    description: 'Checks all your watches now, without paused ones.',
    args: { kind: t.arg({ type: WatchKindEnum, description: 'Only watches of this kind.' }) },
    errors: {
      types: [WatchingDisabledError, FormatUnavailableError],
      union: { name: 'CheckAllWatchesResult', description: 'The queued checks, or why nothing is checked.' },
    },
    resolve: (_root, args, context) => checkAllWatches(context, context.viewer, { kind: args.kind ?? null }),
  }),
}));

const MembersMarked = builder.objectRef<Marked>('MembersMarked').implement({
  description: 'Tracks or albums of a watched list were marked.',
  fields: (t) => ({
    watch: t.field({
      type: WatchType,
      description: 'The watch that they belong to.',
      resolve: ({ watch }) => watch,
    }),
    count: t.exposeInt('count', {
      description: 'Number of marked items; ids that the list does not have are left out.',
    }),
  }),
});

const MAX_MARKED = 1_000;

for (const { name, as, union, description } of [
  {
    name: 'markKnown',
    as: 'KNOWN',
    union: 'MarkKnownResult',
    description: 'Marks tracks or albums of a watched list as ones that you have: they are not downloaded.',
  },
  {
    name: 'markMissing',
    as: 'MISSING',
    union: 'MarkMissingResult',
    description:
      'Marks tracks or albums of a watched list as missing: the next check downloads them, whatever the options.',
  },
] as const) {
  builder.mutationField(name, (t) =>
    t.field({
      type: MembersMarked,
      authScopes: MANAGE,
      description,
      args: {
        id: t.arg.id(WATCH_ID),
        kind: t.arg(WATCH_KIND),
        items: t.arg.stringList({
          required: true,
          description: `The tracks or albums by their ids, URIs or links; at most ${MAX_MARKED}.`,
        }),
      },
      errors: {
        types: [...REFERENCE_ERRORS],
        union: {
          name: union,
          description: `Result of \`${name}\`: how many were marked, or why nothing was marked.`,
        },
      },
      resolve: (_root, { items, ...args }, context) => {
        if (items.length > MAX_MARKED) {
          throw new InvalidInputError(
            `"items" has ${items.length} ids; at most ${MAX_MARKED} are allowed.`,
            'items',
          );
        }
        return markMembers(context, context.viewer, { id: args.id, kind: args.kind ?? null, items, as });
      },
    }),
  );
}
