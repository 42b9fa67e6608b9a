import DataLoader from 'dataloader';
import { levelOf } from '../database/outage.js';
import { logFieldsOf } from '../jobs/errors.js';
import { DomainError } from '../lib/errors.js';
import type { Platform } from '../platform.js';
import { listByPreference } from './bridge.js';
import { providerOf, type Album, type CatalogItem, type Track } from './catalog-item.js';
import { listLinks, saveLinks, type CatalogLink, type CatalogLinks } from './catalog-link-store.js';
import type { CatalogDeps, CatalogSource } from './catalog-source.js';
import { compactCode, isAboutAsLong } from './match-track.js';

type LinkDeps = Pick<Platform, 'db' | 'clock' | 'log'>;

const MAX_BATCH = 500;

export function createCatalogLinks({ db, clock, log }: LinkDeps): CatalogLinks {
  const links = new DataLoader<string, CatalogLink[]>((codes) => listLinks(db, codes), {
    cache: false,
    maxBatchSize: MAX_BATCH,
  });
  return {
    list: (code) => links.load(code),
    note: async (items) => {
      const seenAt = clock.now();
      const rows = items.flatMap(withAlbum).flatMap((item) => toLink(item, seenAt));
      if (rows.length === 0) return;
      await saveLinks(db, rows).catch((thrown: unknown) => {
        log[levelOf(thrown, 'warn')]({ err: thrown }, 'could not save where catalogs have their items');
      });
    },
  };
}

const withAlbum = (item: CatalogItem): CatalogItem[] =>
  item.type === 'TRACK' && item.album ? [item, item.album] : [item];

function toLink(item: CatalogItem, seenAt: Date): CatalogLink[] {
  if (item.type !== 'TRACK' && item.type !== 'ALBUM') return [];
  const code = codeOf(item);
  if (code === null) return [];
  const { id: itemId, url } = item;
  const durationMs = item.type === 'TRACK' ? item.durationMs : null;
  return [{ code, catalog: providerOf(item), itemId, url, durationMs, seenAt }];
}

function codeOf(item: Track | Album): string | null {
  const code = compactCode((item.type === 'TRACK' ? item.isrc : item.upc) ?? '');
  return code === '' ? null : `${item.type === 'TRACK' ? 'isrc' : 'upc'}:${code}`;
}

/** The same thing in another catalog. */
export interface CatalogEntry {
  catalog: string;
  type: 'TRACK' | 'ALBUM';
  id: string;
  url: string | null;
}

type ElsewhereDeps = Pick<CatalogDeps, 'catalogs' | 'defaultCatalog' | 'links'> & Pick<Platform, 'log'>;

/**
 * In catalogs that are set up, own music first. Remote ones are asked only with `lookUp`; one that fails then is left
 * out.
 */
export async function listElsewhere(
  deps: ElsewhereDeps,
  item: Track | Album,
  { lookUp, signal }: { lookUp: boolean; signal: AbortSignal },
): Promise<CatalogEntry[]> {
  const code = codeOf(item);
  if (code === null) return [];
  const links = new Map((await deps.links.list(code)).map((link) => [link.catalog, link]));
  const others = listByPreference(deps).filter(({ provider }) => provider !== providerOf(item));
  const entries = others.map(async (catalog): Promise<CatalogEntry[]> => {
    const known = links.get(catalog.provider);
    if (known && isSame(item, known)) return [toEntry(item, { ...known, id: known.itemId })];
    if (known || (catalog.remote && !lookUp)) return [];
    const found = await findByCode(deps, { catalog, item }, signal);
    return found && isSame(item, found) ? [toEntry(item, found)] : [];
  });
  return (await Promise.all(entries)).flat();
}

/** A code may stand on another recording by mistake. */
function isSame(item: Track | Album, other: object): boolean {
  const durationMs = 'durationMs' in other && typeof other.durationMs === 'number' ? other.durationMs : null;
  return item.type === 'ALBUM' || isAboutAsLong(item, { durationMs });
}

const toEntry = ({ type }: Track | Album, { id, url }: { id: string; url: string | null }): CatalogEntry => ({
  catalog: providerOf({ id }),
  type,
  id,
  url,
});

async function findByCode(
  { log }: Pick<Platform, 'log'>,
  { catalog, item }: { catalog: CatalogSource; item: Track | Album },
  signal: AbortSignal,
): Promise<Track | Album | null> {
  try {
    const { provider } = catalog;
    const found =
      item.type === 'TRACK'
        ? await catalog.findTrackByIsrc?.(compactCode(item.isrc ?? ''), signal)
        : await catalog.findAlbumByUpc?.(item.upc ?? '', signal);
    return found && providerOf(found) === provider ? found : null;
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof DomainError)) throw thrown;
    log.warn({ catalog: catalog.provider, ...logFieldsOf(thrown) }, 'could not look up a code in a catalog');
    return null;
  }
}
