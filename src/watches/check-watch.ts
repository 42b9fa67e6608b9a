import { getCatalog } from '../catalog/find-item.js';
import { CatalogItemNotFoundError } from '../catalog/errors.js';
import { inTransaction } from '../database/prisma.js';
import { maxWaitOf, toFailure } from '../jobs/errors.js';
import { expectAllowed } from '../downloads/plan-track.js';
import { delay } from '../lib/async.js';
import type { ClaimedTask, TaskRun, TaskRunner, TaskRunners } from '../queue/claimed-task.js';
import { measureChildren } from '../tasks/task-children-store.js';
import type { Ending } from '../tasks/task-state-store.js';
import { countWanted } from './entry-store.js';
import { WatchExpiredError, WatchingDisabledError, WatchNotFoundError } from './errors.js';
import { findDownloads, hasExplicit, releaseFailed, settleMembers } from './member-store.js';
import { queueByOptions, readAndRecord, type Recorded } from './record-list.js';
import { expectWatched, keyOf, type Check, type CheckDeps } from './watch-check.js';
import { filterOf } from './watch-options.js';
import {
  deleteEarlierChecks,
  findWatch,
  makeDue,
  saveCheck,
  saveFailedCheck,
  takeTurn,
  type CheckResult,
  type WatchedItem,
} from './watch-store.js';
import { intervalOf, pauseBetween, secondsToNextCheck, type Watch } from './watch.js';

export function createWatchRunners(deps: CheckDeps): TaskRunners {
  const check: TaskRunner = { run: (run) => runCheck(deps, run) };
  return { WATCH_CHECK: check };
}

/** Not an error of the check: there is nothing to check any more, or for now. */
type Stop = WatchingDisabledError | WatchExpiredError | WatchNotFoundError;

const isStop = (thrown: unknown): thrown is Stop =>
  [WatchingDisabledError, WatchExpiredError, WatchNotFoundError].some((stop) => thrown instanceof stop);

/** Idempotent: what an attempt that died has recorded and queued is not queued again. */
async function runCheck(deps: CheckDeps, run: TaskRun): Promise<Ending | null> {
  const watch = await findWatch(deps.db, keyOf(run.claimed));
  try {
    if (!watch) throw new WatchNotFoundError(run.claimed.task.itemId);
    return await checkWatch(deps, run, watch);
  } catch (thrown) {
    // It is made up for once watching is on again.
    if (watch && thrown instanceof WatchingDisabledError) await makeDue(deps.db, watch.id);
    if (isStop(thrown)) return endEarly(deps, run.claimed, thrown);
    if (watch && !run.signal.aborted) await noteFailure(deps, { run, watch }, thrown);
    throw thrown;
  }
}

async function endEarly(
  deps: CheckDeps,
  { task }: ClaimedTask,
  { code, message }: Stop,
): Promise<Ending | null> {
  if ((await measureChildren(deps.db, task.id)).count > 0) return null;
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
  if (watch.downloadPath !== null) await expectAllowed(deps, watch.downloadPath);
  await waitForTurn(check);
  const item = await findWatchedItem(check);
  await settleEarlier(check);
  const plan = await planCheck(check, item);
  const { notice, watch: used } = await carryOut(check, { plan, item });
  const { count: foundCount } = await measureChildren(deps.db, run.claimed.task.id);
  const unchanged = plan !== 'READ';
  await finishCheck(deps, used, { outcome: outcomeOf({ unchanged, foundCount }), foundCount, notice });
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

/** A check that waits ends so soon after watching is turned off. */
const TURN_STEP_MS = 1_000;

async function waitForTurn(check: Check): Promise<void> {
  const { deps, watch, signal } = check;
  const settings = deps.watchSettings();
  const pauseSeconds = pauseBetween(watch.kind, settings);
  // No more than that many others can have taken a turn; later ones were written by a wrong clock.
  const longestSeconds = pauseSeconds * settings.maxConcurrentChecks;
  let ms = await inTransaction(deps.db, (tx) => takeTurn(tx, watch, { pauseSeconds, longestSeconds }));
  for (; ms > 0; ms -= TURN_STEP_MS) {
    await delay(Math.min(ms, TURN_STEP_MS), signal);
    await expectWatched(check);
  }
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

/** What a list that has not changed needs: nothing, downloads whose items are known, or to be read after all. */
type Plan = 'NOTHING' | 'QUEUE' | 'READ';

async function planCheck({ deps, watch }: Check, item: WatchedItem): Promise<Plan> {
  const { db, env, watchSettings } = deps;
  if (item.type !== 'PLAYLIST' || !watchSettings().skipUnchangedPlaylists) return 'READ';
  if (item.revision === null || item.revision !== watch.snapshotId) return 'READ';
  if (item.title !== watch.title) return 'READ';
  // What was left out may have become allowed.
  const isAllowed = !env.explicitFilter && !filterOf(watch).skipExplicit;
  if (isAllowed && (await hasExplicit(db, watch.id))) return 'READ';
  const { wanted, held } = await countWanted(db, watch);
  if (wanted > held) return 'READ';
  return wanted > 0 ? 'QUEUE' : 'NOTHING';
}

const REQUEUED =
  'The playlist has not changed since the last check, so it was not read; failed downloads were queued again.';

/** The notice is what could not be done, or was not necessary. */
async function carryOut(check: Check, { plan, item }: { plan: Plan; item: WatchedItem }): Promise<Recorded> {
  const { watch } = check;
  if (plan === 'NOTHING') return { notice: null, watch };
  if (plan === 'READ') return readAndRecord(check, item);
  await queueByOptions(check, null);
  return { notice: REQUEUED, watch };
}

/** So many checks of a watch that found nothing stay in the history. */
const KEPT_CHECKS = 5;

async function finishCheck(
  deps: CheckDeps,
  watch: Watch,
  result: Omit<CheckResult, 'nextSeconds'>,
): Promise<void> {
  await saveCheck(deps.db, watch, { ...result, nextSeconds: nextCheckIn(deps, watch, 0) });
  await deleteEarlierChecks(deps.db, watch, KEPT_CHECKS);
}

function nextCheckIn({ watchSettings }: CheckDeps, watch: Watch, failures: number): number {
  const intervalSeconds = intervalOf(watch, watchSettings());
  return secondsToNextCheck({ failures, intervalSeconds, random: Math.random });
}

/** The last attempt of the task counts as a failed check, and the next one is later each time. */
async function noteFailure(
  deps: CheckDeps,
  { run, watch }: { run: TaskRun; watch: Watch },
  thrown: unknown,
): Promise<void> {
  const { code, message, retryable } = toFailure(thrown);
  const isWait = maxWaitOf(thrown) !== null;
  const isRetried = isWait || (retryable && run.claimed.task.failures < deps.settings().maxRetries);
  const failures = watch.failures + (isRetried ? 0 : 1);
  const nextSeconds = isRetried ? null : nextCheckIn(deps, watch, failures);
  await saveFailedCheck(deps.db, watch, { code, message, failures, nextSeconds });
}
