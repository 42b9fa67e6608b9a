import { InvalidItemError } from '../catalog/errors.js';
import { builder } from '../graphql/builder.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  pageComplexity,
  readPage,
} from '../graphql/connection.js';
import { InvalidInputError } from '../lib/errors.js';
import { TaskType } from '../tasks/task-type.graphql.js';
import { WatchNotFoundError } from './errors.js';
import { markMembers, type Marked } from './manage-watches.js';
import { listMembers } from './member-store.js';
import { taskLoader, WATCH_ID, WATCH_KIND, WatchType } from './watch-type.graphql.js';
import { MAX_ATTEMPTS, type MemberExclusion, type MemberState, type WatchMember } from './watch.js';

const MemberStateEnum = builder.enumType('WatchMemberState', {
  description: 'What is known of the download of a track or album in a watched list.',
  values: {
    MISSING: { description: 'Nothing was done yet: the next check queues it, if the options want it.' },
    QUEUED: { description: 'Its download is queued or runs.' },
    KNOWN: { description: 'You have it: downloaded, in the library, or marked as known.' },
    FAILED: {
      description: `Its download failed. While \`retryFailedAfterSeconds\` is set, a later check tries it again, unless it was cancelled or failed ${MAX_ATTEMPTS} times: then only \`markMissing\` has it tried again.`,
    },
    EXCLUDED: { description: 'It is left out; `exclusion` says why.' },
    UNAVAILABLE: { description: 'The catalog lists it, and no longer has it.' },
  } satisfies Record<MemberState, object>,
});

const MemberExclusionEnum = builder.enumType('WatchExclusion', {
  description: 'Why a track or album of a watched list is not downloaded.',
  values: {
    EXPLICIT: { description: 'It is explicit, which the server or the filter of the watch leaves out.' },
    TITLE: { description: 'Its title does not pass the filter of the watch.' },
    DURATION: { description: 'It is shorter or longer than the filter of the watch allows.' },
  } satisfies Record<MemberExclusion, object>,
});

const WatchMemberType = builder.objectRef<WatchMember>('WatchMember').implement({
  description: 'A track of a watched playlist, or an album of a watched artist.',
  fields: (t) => ({
    itemId: t.exposeString('itemId', {
      description: 'Id of the track or album in its catalog, for example `demo:night-ferry-1-03`.',
    }),
    title: t.exposeString('title', {
      description: 'Title of the track or album; empty for an entry that was never in the catalog.',
    }),
    positions: t.exposeIntList('positions', {
      description: 'Places in the list, from 0; several for a track that it has more than once.',
    }),
    state: t.expose('state', {
      type: MemberStateEnum,
      description: 'Whether it is there, is queued, failed, or is not to be downloaded.',
    }),
    exclusion: t.expose('exclusion', {
      type: MemberExclusionEnum,
      nullable: true,
      description: 'Why it is EXCLUDED; null in every other state.',
    }),
    task: t.field({
      type: TaskType,
      nullable: true,
      description: 'Its latest download by a check; null if there was none, or the history no longer has it.',
      resolve: ({ taskId }, _args, context) => (taskId ? taskLoader(context).load(taskId) : null),
    }),
    addedAt: t.expose('addedAt', { type: 'DateTime', description: 'When a check first found it.' }),
  }),
});

const WatchMemberConnection = createConnectionType('WatchMember', WatchMemberType, 'a watched list');

builder.prismaObjectField('Watch', 'members', (t) =>
  t.field({
    type: WatchMemberConnection,
    description: 'The tracks or albums of the list at the last complete check, in its order.',
    args: {
      state: t.arg({ type: MemberStateEnum, description: 'Only those in this state, for example EXCLUDED.' }),
      ...offsetPageArgs(t),
    },
    complexity: pageComplexity,
    resolve: ({ id }, { state, ...args }, context) =>
      connectOffsetPage(args, (page) =>
        readPage(context, page, (db) => listMembers(db, { watchId: id, state: state ?? null }, page)),
      ),
  }),
);

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
      authScopes: { MANAGE: true },
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
        types: [WatchNotFoundError, InvalidItemError, InvalidInputError],
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
