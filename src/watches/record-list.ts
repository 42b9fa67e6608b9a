import { findUser } from '../auth/user-store.js';
import { v7 as timeOrderedUuid } from 'uuid';
import { titleOf } from '../catalog/catalog-item.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { compareList, type KnownMember, type ListedItem } from './compare-list.js';
import {
  countStaged,
  deleteStaged,
  listStaged,
  markRemoved,
  stageEntries,
  type StagedList,
} from './entry-store.js';
import { ReadingLostError, WatchNotFoundError } from './errors.js';
import { findDownloads, hasMembers, readMembers, saveMembers } from './member-store.js';
import { queueWanted } from './queue-wanted.js';
import { readList, type ListEntry, type Reading } from './read-list.js';
import { expectWatched, type Check } from './watch-check.js';
import { albumGroupsOf, filterOf, resolveWatchOptions } from './watch-options.js';
import { lockWatch, saveReading, type WatchedItem } from './watch-store.js';
import { wantedOrigins, type Watch } from './watch.js';

export interface Recorded {
  /** What could not be done. */
  notice: string | null;
  /** With the options that were used, which may be newer than those the check began with. */
  watch: Watch;
}

export async function readAndRecord(check: Check, item: WatchedItem): Promise<Recorded> {
  const { deps, watch } = check;
  const list = { watchId: watch.id, readingId: timeOrderedUuid() };
  await deleteStaged(deps.db, watch.id);
  const reading = await readWholeList(check, { item, list });
  const recorded = await inTransaction(deps.db, (tx) => record(check, { tx, item, list, reading }), {
    timeoutMs: RECORD_MS,
  });
  await queueByOptions({ ...check, watch: recorded.watch }, list);
  await deleteStaged(deps.db, watch.id);
  if (recorded.added + recorded.removed > 0) {
    const { added, removed } = recorded;
    check.log.info({ watchId: watch.id, added, removed }, 'watched list changed');
  }
  return recorded;
}

/** By the options of the watch. */
export async function queueByOptions(check: Check, list: StagedList | null): Promise<void> {
  const { deps, watch, claimed } = check;
  const owner = await findUser(deps.db, watch.ownerId, {});
  const options = resolveWatchOptions(deps, watch, { username: owner?.username ?? '' });
  const queueing = { ...check, claimed: { ...claimed, options }, expectWatched: () => expectWatched(check) };
  await queueWanted(queueing, list);
}

/** Percent of the check that reading takes. */
const READING_SHARE = 90;

async function readWholeList(
  check: Check,
  { item, list }: { item: WatchedItem; list: StagedList },
): Promise<Reading> {
  const { deps, watch, catalog, signal, onProgress } = check;
  const { pageSize, watchedAlbumGroups } = deps.watchSettings();
  const own = albumGroupsOf(watch);
  return readList({
    catalog,
    item,
    groups: own.length > 0 ? own : watchedAlbumGroups,
    pageSize,
    onEntries: (entries) => stage(check, { list, entries }),
    beforePage: async (share) => {
      onProgress(share * READING_SHARE);
      await expectWatched(check);
    },
    signal,
  });
}

/** The items of those that need not be downloaded are not stored. */
async function stage(
  { deps: { db }, watch }: Check,
  { list, entries }: { list: StagedList; entries: readonly ListEntry[] },
): Promise<void> {
  const members = await readMembers(db, watch.id, entries.map(idOf));
  const isWanted = (entry: ListEntry) => mayBeWanted(watch, members.get(idOf(entry)));
  await stageEntries(
    db,
    list,
    entries.map((entry) => (isWanted(entry) ? entry : { ...entry, item: null })),
  );
}

const idOf = ({ listed }: ListEntry) => listed.itemId;

function mayBeWanted(watch: Watch, member: KnownMember | undefined): boolean {
  if (member?.state === 'KNOWN' || member?.state === 'QUEUED' || member?.state === 'FAILED') return false;
  return wantedOrigins(watch).includes(member?.origin ?? (watch.readAt ? 'ADDED' : 'FIRST'));
}

const EMPTY = 'The catalog returned an empty list, so nothing counts as removed.';

interface Recording {
  tx: Db;
  item: WatchedItem;
  list: StagedList;
  reading: Reading;
}

/** Longer than a transaction usually has, for lists of 100,000 entries. */
const RECORD_MS = 50_000;

/** Additions, removals and moves at once, against the members as they are now. */
async function record(check: Check, recording: Recording) {
  const { tx, item, list, reading } = recording;
  const watch = await lockWatch(tx, list.watchId);
  if (!watch) throw new WatchNotFoundError(item.id);
  // What is not there would count as removed.
  if ((await countStaged(tx, list)) !== reading.listed) throw new ReadingLostError(watch.title);
  const isEmptied = reading.listed === 0 && coversLast(watch, reading) && (await hasMembers(tx, watch.id));
  const complete = reading.complete && !isEmptied;
  const added = await recordListed(check, { ...recording, watch });
  const removed = complete ? await markRemoved(tx, list, { leaves: mayTrash(watch, reading) }) : 0;
  await saveReading(tx, watch, {
    item,
    title: titleOf(item),
    snapshotId: complete && item.type === 'PLAYLIST' ? item.revision : null,
    isComplete: complete,
    reading,
  });
  await findDownloads(tx, watch);
  return { watch, notice: isEmptied ? EMPTY : reading.notice, added, removed };
}

/**
 * Whether the files of what is no longer listed are to go. Not when the catalog lists more entries without an id than
 * before, which may be the missing ones, or when other kinds of albums were read than before.
 */
function mayTrash(
  { removeFiles, unnamedCount, readGroups }: Watch,
  now: Pick<Reading, 'unnamedCount' | 'groups'>,
): boolean {
  return removeFiles && now.unnamedCount <= unnamedCount && coversLast({ readGroups }, now);
}

/** Whether all kinds of albums were read that the last reading had. */
function coversLast({ readGroups }: Pick<Watch, 'readGroups'>, { groups }: Pick<Reading, 'groups'>): boolean {
  return readGroups.every((group) => groups.some((each) => each === group));
}

/** Entries compared at once. */
const BATCH = 500;

/** Returns how many are new. */
async function recordListed(
  { deps: { env } }: Check,
  { tx, list, watch }: Recording & { watch: Watch },
): Promise<number> {
  const rules = {
    isFirst: watch.readAt === null,
    explicitFilter: env.explicitFilter,
    filter: filterOf(watch),
  };
  let added = 0;
  for (let after: string | undefined = ''; after !== undefined;) {
    const listed: ListedItem[] = await listStaged(tx, list, { after, limit: BATCH });
    after = listed.at(-1)?.itemId;
    const members = await readMembers(
      tx,
      list.watchId,
      listed.map(({ itemId }) => itemId),
    );
    const change = compareList(listed, members, rules);
    await saveMembers(tx, list.watchId, change.changed);
    added += change.added;
  }
  return added;
}
