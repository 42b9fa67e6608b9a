import { toConnection } from '../database/pagination.js';
import type { LatestUpdate } from '../events/latest-feed.js';
import { builder } from '../graphql/builder.js';
import {
  createConnectionType,
  keysetPageArgs,
  keysetPageOf,
  lazyConnection,
  nodeSelection,
  pageComplexity,
  readPage,
} from '../graphql/connection.js';
import { ErrorInterface } from '../graphql/error-types.js';
import { WatchNotFoundError } from './errors.js';
import { findReferencedWatch } from './manage-watches.js';
import { followWatches } from './watch-feed.js';
import { countWatches, listWatches, type WatchRow } from './watch-store.js';
import { WATCH_ID, WATCH_KIND, WatchKindEnum, WatchType } from './watch-type.graphql.js';

builder.objectType(WatchNotFoundError, {
  name: 'WatchNotFound',
  description:
    'You do not watch this playlist or artist, or the watch belongs to another user and you are not an admin.',
  interfaces: [ErrorInterface],
});

const WatchConnection = createConnectionType('Watch', WatchType, 'watches');

builder.queryFields((t) => ({
  watch: t.field({
    type: WatchType,
    nullable: true,
    description: 'A watch by its id or by what it follows; null if you do not watch it.',
    args: { id: t.arg.id(WATCH_ID), kind: t.arg(WATCH_KIND) },
    resolve: (_root, args, context) =>
      findReferencedWatch(context, context.viewer, { id: args.id, kind: args.kind ?? null }),
  }),
  watches: t.field({
    type: WatchConnection,
    description: 'Your watches, the newest first; admins get those of all users, unless `ownOnly` is true.',
    args: {
      kind: t.arg({ type: WatchKindEnum, description: 'Only watches of playlists, or of artists.' }),
      ownOnly: t.arg.boolean({ description: 'True to get only your own, also as an admin. Default: false.' }),
      ...keysetPageArgs(t),
    },
    complexity: pageComplexity,
    resolve: (_root, { kind: only, ownOnly, ...args }, context, info) => {
      const page = keysetPageOf(args);
      const { db, viewer } = context;
      const filter = { kind: only ?? null, ownOnly: ownOnly ?? false };
      const query = nodeSelection('Watch', { context, info });
      return lazyConnection({
        size: page.size,
        read: async () =>
          toConnection(
            await readPage(context, { offset: page.offset, limit: page.size }, (reader) =>
              listWatches(reader, viewer, { ...page, filter, query }),
            ),
            page,
          ),
        totalCount: () => countWatches(db, viewer, filter),
      });
    },
  }),
}));

const WatchUpdate = builder.objectRef<LatestUpdate<WatchRow>>('WatchUpdate').implement({
  description:
    'A watch after it was added, changed, checked or removed; `watch.outcome` says what a check found.',
  fields: (t) => ({
    sequence: t.exposeString('sequence', {
      description:
        'Position of this update, in the same numbers as those of tasks, settings and the library. To resume several streams with one number, pass the lowest of their latest as `since`.',
    }),
    initial: t.exposeBoolean('initial', {
      description: 'True for what a subscription starts with, false for what happens to a watch later.',
    }),
    watch: t.field({
      type: WatchType,
      description:
        'The watch after the change or the check; if `removed`, as it was before, without its items.',
      resolve: ({ row }) => row.watch,
    }),
    removed: t.boolean({
      description:
        'True if the watch is gone: it was unwatched. For seven days, a subscription with `since` reports it too.',
      resolve: ({ row }) => row.removed,
    }),
  }),
});

builder.subscriptionField('watchUpdates', (t) =>
  t.field({
    type: WatchUpdate,
    description:
      'Your watches as they are checked, find something, fail or are removed, after all of them as they are; with `since`, after those that changed or were removed since then. After more than seven days, subscribe without it: the removals are forgotten. Admins get those of all users.',
    args: {
      since: t.arg.string({
        description: 'The `sequence` of an earlier update of any subscription, to continue after it.',
      }),
    },
    subscribe: (_root, { since }, context) => followWatches(context, context.viewer, since),
    resolve: (update: LatestUpdate<WatchRow>) => update,
  }),
);
