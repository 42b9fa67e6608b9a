import type { Album, AlbumGroup, Track } from '../catalog/catalog-item.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import { getCatalog, listChildren } from '../catalog/find-item.js';
import type { Platform } from '../platform.js';
import type { ClaimedTask } from '../queue/claimed-task.js';
import { insertClaimedChildren } from '../queue/insert-children.js';
import { countFirstChildren } from '../tasks/task-children-store.js';
import type { DownloadOptions } from '../tasks/download-options.js';
import { newChildren, type Refusal } from '../tasks/new-task.js';
import { ExplicitContentError } from './errors.js';

/** Entries requested at once; a catalog with smaller pages makes several requests of it. */
const PAGE = 500;

/** For an artist queued before albums could be chosen. */
const EARLIER_GROUPS: readonly AlbumGroup[] = ['ALBUM', 'SINGLE'];

/** Idempotent: a child's position in its parent is unique. */
export async function expandParent(
  deps: Pick<Platform & CatalogDeps, 'db' | 'catalogs' | 'env'>,
  { claimed, signal }: { claimed: ClaimedTask; signal: AbortSignal },
): Promise<void> {
  const { item, options } = claimed;
  const catalog = getCatalog(deps, claimed.task.itemId);
  const first = await findFirstPage(deps.db, claimed.task.id);
  for (let offset = first, total = first + 1; offset < total; offset += PAGE) {
    signal.throwIfAborted();
    const page = await listChildren(catalog, item, {
      request: { offset, limit: PAGE },
      groups: options.albumGroups ?? EARLIER_GROUPS,
      signal,
    });
    total = page.total;
    const entries = page.items.map((child, index) => ({
      item: child,
      absence: page.absences?.[index] ?? 'GONE',
      position: offset + index,
      refusal: refusalOf(deps, child, options),
    }));
    await insertClaimedChildren(deps, claimed, { children: newChildren(claimed, entries) });
  }
}

/** A worker that died has left whole pages. The last is read again, for catalogs may refuse to read beyond the end. */
async function findFirstPage(db: Platform['db'], parentId: string): Promise<number> {
  const children = await countFirstChildren(db, parentId);
  return Math.floor(Math.max(0, children - 1) / PAGE) * PAGE;
}

function refusalOf(
  { env }: Pick<Platform, 'env'>,
  item: Track | Album | null,
  { skipExplicit }: Pick<DownloadOptions, 'skipExplicit'>,
): Refusal | null {
  if (item?.type !== 'TRACK' || !item.explicit || !(env.explicitFilter || skipExplicit)) return null;
  const { code, message } = new ExplicitContentError(item.title, env.explicitFilter ? 'server' : 'watch');
  return { code, message };
}
