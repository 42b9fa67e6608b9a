import { v7 as timeOrderedUuid } from 'uuid';
import { maySee } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import { providerOf, titleOf, type CatalogType } from '../catalog/catalog-item.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import { CatalogItemNotFoundError, InvalidItemError } from '../catalog/errors.js';
import { findItemOfType, readItemReference } from '../catalog/find-item.js';
import { parseItemReference } from '../catalog/item-reference.js';
import { inTransaction } from '../database/prisma.js';
import type { Platform } from '../platform.js';
import type { Task } from '../tasks/task.js';
import { WatchExpiredError, WatchingDisabledError, WatchNotFoundError } from './errors.js';
import { setMembers } from './member-store.js';
import { queueCheck, queueChecks, type QueueCheckDeps } from './queue-checks.job.js';
import {
  changeWatch,
  deleteWatch,
  findWatch,
  findWatchById,
  insertWatch,
  listOwnWatches,
  lockWatch,
  type WatchChange,
  type WatchedItem,
} from './watch-store.js';
import { checkOptions, DEFAULT_OPTIONS, type WatchOptions } from './watch-options.js';
import { isExpired, isFollowed, type Watch, type WatchKind } from './watch.js';

type FindDeps = Pick<
  Platform & CatalogDeps,
  'db' | 'catalogs' | 'defaultCatalog' | 'shortLinks' | 'enrichment'
>;
type WatchDeps = FindDeps & QueueCheckDeps & Pick<Platform, 'clock' | 'env'>;

/** Which watch: its own id, or what it follows. */
export interface WatchReference {
  id: string;
  /** Where the id of an item does not say. */
  kind: WatchKind | null;
}

const UUID = /^(?:Watch:)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;
const KINDS: readonly WatchKind[] = ['PLAYLIST', 'ARTIST'];

/** Null when there is none that the viewer may see. Throws InvalidItemError for a bad id. */
export async function findReferencedWatch(
  deps: FindDeps,
  viewer: Viewer,
  { id, kind }: WatchReference,
): Promise<Watch | null> {
  const [, uuid] = UUID.exec(id.trim()) ?? [];
  if (uuid !== undefined) return findWatchById(deps.db, viewer, uuid.toLowerCase());
  const reference = parseItemReference(id, deps.defaultCatalog());
  for (const each of allowedKinds(reference.type, kind)) {
    const watch = await findWatch(deps.db, { ownerId: viewer.id, kind: each, itemId: reference.id });
    if (watch) return watch;
  }
  return null;
}

function allowedKinds(type: CatalogType | null, kind: WatchKind | null): WatchKind[] {
  return KINDS.filter((each) => (kind ?? each) === each && (type ?? each) === each);
}

function notWatchable(id: string): InvalidItemError {
  return new InvalidItemError(
    `${JSON.stringify(id.slice(0, 100))} cannot be watched; allowed: playlists and artists.`,
  );
}

async function getWatch(deps: FindDeps, viewer: Viewer, reference: WatchReference): Promise<Watch> {
  const watch = await findReferencedWatch(deps, viewer, reference);
  if (!watch || !maySee(viewer, watch)) throw new WatchNotFoundError(reference.id);
  return watch;
}

export interface WatchItemInput {
  item: string;
  kind: WatchKind | null;
  options: Partial<WatchOptions>;
  signal: AbortSignal;
}

export interface Watched {
  watch: Watch;
  /** False when it was watched already, and its options were changed. */
  added: boolean;
}

/** Throws InvalidItemError for anything else. */
async function findWatchable(
  deps: FindDeps,
  { item, kind, signal }: Pick<WatchItemInput, 'item' | 'kind' | 'signal'>,
): Promise<WatchedItem> {
  const { id, type } = await readItemReference(deps, item, signal);
  const allowed = allowedKinds(type, kind);
  if (allowed.length === 0) throw notWatchable(item);
  for (const each of allowed) {
    const found = await findItemOfType(deps, { id, type: each }, signal);
    if (found) return found;
  }
  const what = allowed.map((each) => each.toLowerCase()).join(' or ');
  throw new CatalogItemNotFoundError(`${providerOf({ id })} has no ${what} ${id}.`);
}

/** The first check is queued at once, unless watching is off. */
export async function watchItem(
  deps: WatchDeps,
  viewer: Viewer,
  { options, ...requested }: WatchItemInput,
): Promise<Watched> {
  await checkOptions(deps, options, requested.kind);
  const item = await findWatchable(deps, requested);
  if (item.type !== requested.kind) await checkOptions(deps, options, item.type);
  const watched = await saveWatch(deps, viewer, { item, options });
  deps.log.info({ watchId: watched.watch.id, item: item.id, by: viewer.username }, 'watch saved');
  if (deps.watchSettings().enabled) await queueCheck(deps, watched.watch);
  return watched;
}

/** One that is removed between the two statements is added again. */
async function saveWatch(
  { db, clock }: WatchDeps,
  viewer: Viewer,
  { item, options }: { item: WatchedItem; options: Partial<WatchOptions> },
): Promise<Watched> {
  const key = { ownerId: viewer.id, kind: item.type, itemId: item.id };
  for (;;) {
    const added = await insertWatch(db, {
      ...key,
      id: timeOrderedUuid(),
      title: titleOf(item),
      item,
      options: { ...DEFAULT_OPTIONS, ...options },
    });
    if (added) return { watch: added, added: true };
    const existing = await findWatch(db, key);
    // One that has ended is followed again.
    const again = existing && isExpired(existing, clock.now()) ? { expiresAt: null } : {};
    const changed = existing && (await changeWatch(db, existing.id, { ...again, ...options }));
    if (changed) return { watch: changed, added: false };
  }
}

/** Its downloads go on; a check that runs ends by itself. */
export async function unwatch(deps: WatchDeps, viewer: Viewer, reference: WatchReference): Promise<Watch> {
  const watch = await getWatch(deps, viewer, reference);
  if (!(await deleteWatch(deps.db, watch.id))) throw new WatchNotFoundError(reference.id);
  deps.log.info({ watchId: watch.id, item: watch.itemId, by: viewer.username }, 'watch removed');
  return watch;
}

export async function updateWatch(
  deps: WatchDeps,
  viewer: Viewer,
  { change, ...reference }: WatchReference & { change: WatchChange },
): Promise<Watch> {
  const watch = await getWatch(deps, viewer, reference);
  await checkOptions(deps, change, watch.kind);
  const changed = await changeWatch(deps.db, watch.id, change);
  if (!changed) throw new WatchNotFoundError(reference.id);
  return changed;
}

/** Also of a paused watch, because a person requested it. */
export async function checkWatch(deps: WatchDeps, viewer: Viewer, reference: WatchReference): Promise<Task> {
  const watch = await getWatch(deps, viewer, reference);
  expectEnabled(deps);
  if (isExpired(watch, deps.clock.now())) throw new WatchExpiredError(watch);
  return queueCheck(deps, watch);
}

/** The viewer's own ones that are neither paused nor expired. */
export async function checkAllWatches(
  deps: WatchDeps,
  viewer: Viewer,
  filter: { kind: WatchKind | null },
): Promise<Task[]> {
  expectEnabled(deps);
  const now = deps.clock.now();
  const watches = (await listOwnWatches(deps.db, viewer, filter)).filter((watch) => isFollowed(watch, now));
  return queueChecks(deps, viewer.id, watches);
}

function expectEnabled({ watchSettings }: WatchDeps): void {
  if (!watchSettings().enabled) throw new WatchingDisabledError();
}

export interface MarkInput extends WatchReference {
  items: readonly string[];
  as: 'KNOWN' | 'MISSING';
}

export interface Marked {
  watch: Watch;
  /** Of the members with these ids. */
  count: number;
}

/** Throws InvalidItemError for a bad id; an item that the watch does not have is left out. */
export async function markMembers(
  deps: WatchDeps,
  viewer: Viewer,
  { items, as, ...reference }: MarkInput,
): Promise<Marked> {
  const watch = await getWatch(deps, viewer, reference);
  const itemIds = items.map((item) => parseItemReference(item, deps.defaultCatalog()).id);
  return inTransaction(deps.db, async (tx) => {
    if (!(await lockWatch(tx, watch.id))) throw new WatchNotFoundError(reference.id);
    return { watch, count: await setMembers(tx, { watchId: watch.id, itemIds }, as) };
  });
}
