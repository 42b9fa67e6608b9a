import { getCatalog } from '../catalog/find-item.js';
import type { CatalogDeps, CatalogSource } from '../catalog/catalog-source.js';
import { titleOf } from '../catalog/catalog-item.js';
import { CatalogItemNotFoundError } from '../catalog/errors.js';
import { inTransaction } from '../database/prisma.js';
import { toFailure } from '../jobs/errors.js';
import { delay } from '../lib/async.js';
import type { Platform } from '../platform.js';
import type { ClaimedTask, TaskRun, TaskRunner, TaskRunners } from '../queue/claimed-task.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { listAllPositions } from '../tasks/task-children-store.js';
import type { Ending } from '../tasks/task-state-store.js';
import { compareList, type KnownMember, type Reading } from './compare-list.js';
import { WatchingDisabledError, WatchNotFoundError } from './errors.js';
import {
  findDownloads,
  hasExcluded,
  listWanted,
  markRemoved,
  readMembers,
  releaseFailed,
  saveMembers,
  settleMembers,
} from './member-store.js';
import { queueWanted } from './queue-wanted.js';
import { readList } from './read-list.js';
import { mayTrash } from './trash-files.js';
import {
  albumGroupsOf,
  deleteEarlierChecks,
  findWatch,
  lockWatch,
  saveCheck,
  saveFailedCheck,
  saveReading,
  takeTurn,
  type CheckResult,
  type WatchedItem,
} from './watch-store.js';
import { pauseBetween, secondsToNextCheck, wantedOrigins, type Watch } from './watch.js';

export type CheckDeps = Pick<
  Platform & SettingsDeps & CatalogDeps,
  'db' | 'env' | 'settings' | 'watchSettings' | 'liveCatalogs'
>;

export interface Check extends TaskRun {
  deps: CheckDeps;
  watch: Watch;
  catalog: CatalogSource;
}

export function createWatchRunners(deps: CheckDeps): TaskRunners {
  const check: TaskRunner = { run: (run) => runCheck(deps, run) };
  return { WATCH_CHECK: check };
}

/** Not an error of the check: there is nothing to check any more, or for now. */
type Stop = WatchingDisabledError | WatchNotFoundError;

const isStop = (thrown: unknown): thrown is Stop =>
  thrown instanceof WatchingDisabledError || thrown instanceof WatchNotFoundError;

/** Idempotent: what an attempt that died has recorded and queued is not queued again. */
async function runCheck(deps: CheckDeps, run: TaskRun): Promise<Ending | null> {
  const watch = await findWatch(deps.db, keyOf(run.claimed));
  try {
    if (!watch) throw new WatchNotFoundError(run.claimed.task.itemId);
    return await checkWatch(deps, run, watch);
  } catch (thrown) {
    if (isStop(thrown)) return endEarly(deps, run.claimed, thrown);
    if (watch && !run.signal.aborted) await noteFailure(deps, { run, watch }, thrown);
    throw thrown;
  }
}

function keyOf({ task, item }: ClaimedTask) {
  if (item.type !== 'PLAYLIST' && item.type !== 'ARTIST') {
    throw new Error(`Task ${task.id} checks an item of type ${item.type}.`);
  }
  return { ownerId: task.ownerId, kind: item.type, itemId: task.itemId };
}

async function endEarly(
  deps: CheckDeps,
  { task }: ClaimedTask,
  { code, message }: Stop,
): Promise<Ending | null> {
  if ((await listAllPositions(deps.db, task.id)).size > 0) return null;
  return { state: 'SKIPPED', error: { code, message, retryable: false } };
}

async function checkWatch(deps: CheckDeps, run: TaskRun, watch: Watch): Promise<Ending | null> {
  const check: Check = {
    ...run,
    deps,
    watch,
    catalog: getCatalog({ catalogs: deps.liveCatalogs }, watch.itemId),
  };
  await expectWatched(check);
  await waitForTurn(check);
  const item = await findWatchedItem(check);
  await settleEarlier(check);
  const unchanged = await isUnchanged(check, item);
  const notice = unchanged ? null : await readAndRecord(check, item);
  const foundCount = (await listAllPositions(deps.db, run.claimed.task.id)).size;
  await finishCheck(check, { outcome: outcomeOf({ unchanged, foundCount }), foundCount, notice });
  if (foundCount > 0) return null;
  return unchanged ? { state: 'SKIPPED', error: UNCHANGED } : { state: 'COMPLETED' };
}

const UNCHANGED = {
  code: 'WATCH_UNCHANGED' as const,
  message:
    'The playlist has not changed since the last check ("skipUnchangedPlaylists"), so it was not read.',
  retryable: false,
};

const outcomeOf = ({ unchanged, foundCount }: { unchanged: boolean; foundCount: number }) =>
  foundCount > 0 ? 'FOUND' : unchanged ? 'UNCHANGED' : 'CHECKED';

/** Throws what ends the check without a failure. */
async function expectWatched({ deps, claimed, signal }: Check): Promise<void> {
  signal.throwIfAborted();
  if (!deps.watchSettings().enabled) throw new WatchingDisabledError();
  if (!(await findWatch(deps.db, keyOf(claimed)))) throw new WatchNotFoundError(claimed.task.itemId);
}

async function waitForTurn({ deps, watch, signal }: Check): Promise<void> {
  const settings = deps.watchSettings();
  const pauseSeconds = pauseBetween(watch.kind, settings);
  // No more than that many others can have taken a turn; later ones were written by a wrong clock.
  const longestSeconds = pauseSeconds * settings.maxConcurrentChecks;
  await delay(
    await inTransaction(deps.db, (tx) => takeTurn(tx, watch, { pauseSeconds, longestSeconds })),
    signal,
  );
}

async function findWatchedItem({ catalog, watch, signal }: Check): Promise<WatchedItem> {
  const { kind, itemId, title } = watch;
  const item: WatchedItem | null = await (kind === 'PLAYLIST'
    ? catalog.findPlaylist(itemId, signal)
    : catalog.findArtist(itemId, signal));
  if (item) return item;
  throw new CatalogItemNotFoundError(
    `${catalog.provider} no longer shows the ${kind.toLowerCase()} "${title}": it is private or deleted. It stays watched, and what is known of it stays known.`,
  );
}

async function settleEarlier({ deps: { db, watchSettings }, watch }: Check): Promise<void> {
  const { retryFailedAfterSeconds } = watchSettings();
  await inTransaction(db, async (tx) => {
    await settleMembers(tx, { watchId: watch.id });
    if (retryFailedAfterSeconds !== null) await releaseFailed(tx, watch.id, retryFailedAfterSeconds);
    await findDownloads(tx, watch);
  });
}

/** With nothing to download either, also nothing that became allowed. */
async function isUnchanged({ deps, watch }: Check, item: WatchedItem): Promise<boolean> {
  const { db, env, watchSettings } = deps;
  if (item.type !== 'PLAYLIST' || !watchSettings().skipUnchangedPlaylists) return false;
  if (item.revision === null || item.revision !== watch.snapshotId) return false;
  if (item.title !== watch.title) return false;
  if ((await listWanted(db, watch, 1)).length > 0) return false;
  return env.explicitFilter || !(await hasExcluded(db, watch.id));
}

/** Returns what could not be done. */
async function readAndRecord(check: Check, item: WatchedItem): Promise<string | null> {
  const { deps, watch } = check;
  const reading = await readWholeList(check, item);
  const recorded = await inTransaction(deps.db, (tx) => record(check, { tx, item, reading }));
  await queueWanted(
    { ...check, watch: recorded.watch, expectWatched: () => expectWatched(check) },
    reading.items,
  );
  if (recorded.added + recorded.removed > 0) {
    const { added, removed } = recorded;
    check.log.info({ watchId: watch.id, added, removed }, 'watched list changed');
  }
  return recorded.notice;
}

/** Percent of the check that reading takes. */
const READING_SHARE = 90;

async function readWholeList(check: Check, item: WatchedItem): Promise<Reading> {
  const { deps, watch, catalog, signal, onProgress } = check;
  const { pageSize, watchedAlbumGroups } = deps.watchSettings();
  const own = albumGroupsOf(watch);
  const members = await readMembers(deps.db, watch.id);
  return readList({
    catalog,
    item,
    groups: own.length > 0 ? own : watchedAlbumGroups,
    pageSize,
    keeps: (itemId) => mayBeWanted(watch, members.get(itemId)),
    beforePage: async (share) => {
      onProgress(share * READING_SHARE);
      await expectWatched(check);
    },
    signal,
  });
}

function mayBeWanted(watch: Watch, member: KnownMember | undefined): boolean {
  if (member?.state === 'KNOWN' || member?.state === 'QUEUED' || member?.state === 'FAILED') return false;
  return wantedOrigins(watch).includes(member?.origin ?? (watch.readAt ? 'ADDED' : 'FIRST'));
}

const EMPTY = 'The catalog returned an empty list, so nothing counts as removed.';

interface Recording {
  tx: Parameters<typeof saveMembers>[0];
  item: WatchedItem;
  reading: Reading;
}

/** Additions, removals and moves at once, against the members as they are now. */
async function record({ deps, watch: { id } }: Check, { tx, item, reading }: Recording) {
  const watch = await lockWatch(tx, id);
  if (!watch) throw new WatchNotFoundError(item.id);
  const members = await readMembers(tx, id);
  const isEmptied =
    reading.listed.size === 0 && [...members.values()].some((each) => each.removedAt === null);
  const complete = reading.complete && !isEmptied;
  const change = compareList({ ...reading, complete }, members, {
    isFirst: watch.readAt === null,
    explicitFilter: deps.env.explicitFilter,
  });
  await saveMembers(tx, id, change.changed);
  await markRemoved(tx, id, { itemIds: change.removed, leaves: mayTrash(watch, reading) });
  await saveReading(tx, watch, {
    item,
    title: titleOf(item),
    snapshotId: complete && item.type === 'PLAYLIST' ? item.revision : null,
    isComplete: complete,
    reading,
  });
  await findDownloads(tx, watch);
  const notice = isEmptied ? EMPTY : reading.notice;
  return { watch, notice, added: change.added, removed: change.removed.length };
}

/** So many checks of a watch that found nothing stay in the history. */
const KEPT_CHECKS = 5;

async function finishCheck(
  { deps: { db, watchSettings }, watch }: Check,
  result: Omit<CheckResult, 'nextSeconds'>,
): Promise<void> {
  const { watchPollIntervalSeconds: intervalSeconds } = watchSettings();
  const nextSeconds = secondsToNextCheck({ failures: 0, intervalSeconds, random: Math.random });
  await saveCheck(db, watch.id, { ...result, nextSeconds });
  await deleteEarlierChecks(db, watch, KEPT_CHECKS);
}

/** The last attempt of the task counts as a failed check, and the next one is later each time. */
async function noteFailure(
  { db, settings, watchSettings }: CheckDeps,
  { run, watch }: { run: TaskRun; watch: Watch },
  thrown: unknown,
): Promise<void> {
  const { code, message, retryable } = toFailure(thrown);
  const isRetried = retryable && run.claimed.task.failures < settings().maxRetries;
  const failures = watch.failures + (isRetried ? 0 : 1);
  const { watchPollIntervalSeconds: intervalSeconds } = watchSettings();
  const nextSeconds = isRetried
    ? null
    : secondsToNextCheck({ failures, intervalSeconds, random: Math.random });
  await saveFailedCheck(db, watch.id, { code, message, failures, nextSeconds });
}
