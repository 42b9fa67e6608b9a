import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import { visibleTo } from '../auth/access-rules.js';
import { albumGroup } from '../catalog/catalog-item.js';
import {
  AlbumType,
  ArtistType,
  PlaylistType,
  QueueableItemType,
  TrackType,
} from '../catalog/item-types.graphql.js';
import type { GraphqlContext } from '../context.js';
import { builder, enumTypeOf, INTERNAL } from '../graphql/builder.js';
import { parseRowId } from '../graphql/node-id.js';
import { isTaskErrorCode } from '../lib/errors.js';
import { findTasksByIds } from '../tasks/task-store.js';
import { ownerLoader, TaskErrorCodeEnum, TaskType, UNCACHED } from '../tasks/task-type.graphql.js';
import { countMembers, findLocallyKnown, type MemberCount } from './member-store.js';
import { albumGroupsOf } from './watch-options.js';
import { findWatch, itemOf } from './watch-store.js';
import {
  isExpired,
  isFollowed,
  MAX_ATTEMPTS,
  type MemberState,
  type Watch,
  type WatchKind,
  type WatchOutcome,
} from './watch.js';

export const WatchKindEnum = builder.enumType('WatchKind', {
  description: 'What a watch follows.',
  values: {
    PLAYLIST: { description: 'The tracks of a playlist.' },
    ARTIST: { description: 'The albums of an artist.' },
  } satisfies Record<WatchKind, object>,
});

export const WATCH_ID = {
  required: true,
  description:
    '`Watch:<uuid>`, the bare UUID, or what is watched: its id (`Playlist:demo:first-watch`, `demo:first-watch`), URI or link.',
} as const;

export const WATCH_KIND = {
  type: WatchKindEnum,
  description: 'Whether `id` is that of a playlist or an artist, where the id itself does not say.',
} as const;

const WatchOutcomeEnum = builder.enumType('WatchOutcome', {
  description: 'How the last check of a watch ended.',
  values: {
    UNCHANGED: { description: 'The snapshot id of the playlist was the same, so its entries were not read.' },
    CHECKED: { description: 'The list was read, and nothing had to be downloaded.' },
    FOUND: { description: 'Something new was queued; `foundCount` says how many items.' },
    FAILED: { description: 'The list could not be read; `error` says why.' },
  } satisfies Record<WatchOutcome, object>,
});

/** A watch whose last check failed. */
const WatchErrorType = builder.objectRef<Watch>('WatchError').implement({
  description: 'Why the last check of a watch failed.',
  fields: (t) => ({
    code: t.field({
      type: TaskErrorCodeEnum,
      description: 'Machine-readable reason, for example `CATALOG_ITEM_NOT_FOUND` for a private playlist.',
      resolve: ({ errorCode }) => (isTaskErrorCode(errorCode) ? errorCode : 'INTERNAL'),
    }),
    message: t.string({
      description: 'What happened and what it means for the watch, in plain English.',
      resolve: ({ errorMessage }) => errorMessage ?? '',
    }),
  }),
});

type Counts = ReadonlyMap<MemberState, number>;

const sumOf = (counts: Counts) => [...counts.values()].reduce((sum, n) => sum + n, 0);
const countOf = (state: MemberState) => (counts: Counts) => counts.get(state) ?? 0;

const WatchCountsType = builder.objectRef<Counts>('WatchCounts').implement({
  description: 'Numbers of different tracks or albums in a watched list; those that left it are not counted.',
  fields: (t) => ({
    total: t.int({ description: 'All of them, each once.', resolve: sumOf }),
    known: t.int({
      description: 'Those that you have: downloaded, in the library, or marked as known.',
      resolve: countOf('KNOWN'),
    }),
    queued: t.int({
      description: 'Those whose download is queued or running.',
      resolve: countOf('QUEUED'),
    }),
    failed: t.int({
      description: `Those whose download failed. While \`retryFailedAfterSeconds\` is set, later checks try those again that were not cancelled and failed fewer than ${MAX_ATTEMPTS} times.`,
      resolve: countOf('FAILED'),
    }),
    missing: t.int({
      description: 'Those that nothing was done about: the next check queues the ones that the options want.',
      resolve: countOf('MISSING'),
    }),
    excluded: t.int({
      description:
        'Those that are left out, by the filter of the watch or the server, or are gone from the catalog; `members` says which and why.',
      resolve: (counts) => countOf('EXCLUDED')(counts) + countOf('UNAVAILABLE')(counts),
    }),
  }),
});

const countsLoader = createContextCache(
  ({ db }: GraphqlContext) =>
    new DataLoader(async (ids: readonly string[]): Promise<Counts[]> => {
      const byWatch = new Map(ids.map((id) => [id, new Map<MemberState, number>()]));
      const add = ({ watchId, state, n }: MemberCount) => byWatch.get(watchId)?.set(state, n);
      (await countMembers(db, ids)).forEach(add);
      return ids.map((id) => byWatch.get(id) ?? new Map());
    }, UNCACHED),
);

export const taskLoader = createContextCache(
  ({ db }: GraphqlContext) =>
    new DataLoader(async (ids: readonly string[]) => {
      const tasks = new Map((await findTasksByIds(db, ids)).map((task) => [task.id, task]));
      return ids.map((id) => tasks.get(id) ?? null);
    }, UNCACHED),
);

export const WatchType = builder.prismaNode('Watch', {
  description:
    'A playlist or artist that is checked for new items again and again; what is new is downloaded.',
  id: { field: 'id', description: 'Permanent id of the form `Watch:<uuid>`.' },
  nullable: true,
  findUnique: (id, { viewer }) => ({ id: parseRowId('Watch', id), ...visibleTo(viewer) }),
  fields: (t) => ({
    kind: t.expose('kind', {
      type: WatchKindEnum,
      description: 'Whether it follows a playlist or an artist.',
    }),
    itemId: t.exposeString('itemId', {
      description: 'Id of the playlist or artist in its catalog, for example `demo:first-watch`.',
    }),
    title: t.exposeString('title', {
      description: 'Title of the playlist, or name of the artist, at the last check.',
    }),
    item: t.field({
      type: QueueableItemType,
      description: 'The playlist or artist as the catalog described it at the last check.',
      resolve: itemOf,
    }),
    downloadExisting: t.exposeBoolean('downloadExisting', {
      description: 'Whether what was in the list from the beginning is downloaded.',
    }),
    downloadNew: t.exposeBoolean('downloadNew', {
      description: 'Whether what comes to the list is downloaded.',
    }),
    albumGroups: t.field({
      type: [enumTypeOf(albumGroup)],
      description: 'Kinds of an artist’s albums that are followed; empty: the setting `watchedAlbumGroups`.',
      resolve: albumGroupsOf,
    }),
    paused: t.exposeBoolean('paused', { description: 'Whether it is left out until it is resumed.' }),
    active: t.boolean({
      description: 'Whether it is checked by itself: watching is on, and it is neither paused nor expired.',
      resolve: (watch, _args, { watchSettings, clock }) =>
        watchSettings().enabled && isFollowed(watch, clock.now()),
    }),
    expired: t.boolean({
      description: 'Whether it has ended: `expiresAt` has passed, and it is not checked any more.',
      resolve: (watch, _args, { clock }) => isExpired(watch, clock.now()),
    }),
    watchingEnabled: t.boolean({
      ...INTERNAL,
      description: 'Whether watching is turned on for the whole server.',
      resolve: (_watch, _args, { watchSettings }) => watchSettings().enabled,
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When checks end by themselves; null for never.',
    }),
    counts: t.field({
      type: WatchCountsType,
      description: 'How many tracks or albums of the list you have, and what becomes of the others.',
      resolve: ({ id }, _args, context) => countsLoader(context).load(id),
    }),
  }),
});

builder.prismaObjectFields('Watch', (t) => ({
  outcome: t.expose('outcome', {
    type: WatchOutcomeEnum,
    nullable: true,
    description: 'Result of the last check; null before the first.',
  }),
  foundCount: t.exposeInt('foundCount', {
    description: 'Number of downloads that the last successful check queued.',
  }),
  notice: t.exposeString('notice', {
    nullable: true,
    description:
      'What the last successful check could not do, such as read the whole list, or did not have to; null if nothing.',
  }),
  error: t.field({
    type: WatchErrorType,
    nullable: true,
    description: 'Why the last check failed; null if it did not. The watch stays, and is checked less often.',
    resolve: (watch) => (watch.errorCode ? watch : null),
  }),
  failedChecks: t.exposeInt('failures', { description: 'Number of checks in a row that failed.' }),
  nextCheckAt: t.expose('nextCheckAt', {
    type: 'DateTime',
    description: 'When the next check is due, unless the watch is paused or has ended, or watching is off.',
  }),
  lastCheckedAt: t.expose('lastCheckedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When the last successful check ended; null before the first.',
  }),
  // No relations: a watch that has just been removed is still shown.
  checkTask: t.field({
    type: TaskType,
    nullable: true,
    description:
      'Task of the latest check; its children are the downloads. Null once the history no longer has it.',
    resolve: ({ checkTaskId }, _args, context) =>
      checkTaskId ? taskLoader(context).load(checkTaskId) : null,
  }),
  owner: t.prismaField({
    type: 'User',
    description: 'User who follows the playlist or artist.',
    resolve: (_query, { ownerId }, _args, context) => ownerLoader(context).load(ownerId),
  }),
  createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the watch was added.' }),
}));

builder.prismaObjectFields('Watch', (t) => ({
  removeFiles: t.exposeBoolean('removeFiles', {
    description:
      'Whether files of tracks or albums that left the list are moved to the folder `.reprise-trash` of the download directory.',
  }),
  playlistFile: t.exposeString('playlistFile', {
    nullable: true,
    description:
      'Path of the m3u8 file of a watched playlist; null for artists, and until a track of the list has a file.',
  }),
  fileProblem: t.exposeString('fileProblem', {
    nullable: true,
    description:
      'Why the m3u8 file could not be written or a file could not be moved to the trash; null if nothing failed. It is tried again every 30 seconds.',
  }),
}));

const watchOf = ({ id, type }: { id: string; type: WatchKind }, { db, viewer }: GraphqlContext) =>
  findWatch(db, { ownerId: viewer.id, kind: type, itemId: id });

builder.objectField(PlaylistType, 'watch', (t) =>
  t.field({
    type: WatchType,
    nullable: true,
    description: 'Your watch of this playlist; null if you do not follow it.',
    resolve: ({ id }, _args, context) => watchOf({ id, type: 'PLAYLIST' }, context),
  }),
);

builder.objectField(ArtistType, 'watch', (t) =>
  t.field({
    type: WatchType,
    nullable: true,
    description: 'Your watch of this artist; null if you do not follow them.',
    resolve: ({ id }, _args, context) => watchOf({ id, type: 'ARTIST' }, context),
  }),
);

const knownLoader = createContextCache(
  ({ db, viewer }: GraphqlContext) =>
    new DataLoader(async (itemIds: readonly string[]) => {
      const known = await findLocallyKnown(db, viewer.id, [...new Set(itemIds)]);
      return itemIds.map((id) => known.get(id) ?? null);
    }, UNCACHED),
);

for (const [type, what] of [
  [TrackType, 'track is in a playlist'],
  [AlbumType, 'album is of an artist'],
] as const) {
  builder.objectField(type, 'isLocallyKnown', (t) =>
    t.boolean({
      nullable: true,
      description: `Whether you have it, if the ${what} that you watch; otherwise null.`,
      resolve: ({ id }, _args, context) => knownLoader(context).load(id),
    }),
  );
}
