import type { AudioSource } from './audio-source.js';
import type { CatalogSource } from './catalog-source.js';
import { InvalidItemError } from './errors.js';

/** What this domain adds to Deps. */
export interface CatalogDeps {
  /** By provider: the part of an id before the colon. Those over a network answer from the cache where they can. */
  catalogs: ReadonlyMap<string, CatalogSource>;
  /** In the order in which they are asked for audio. */
  sources: readonly AudioSource[];
  /** Searches and ids without a provider go to this one: the setting `service` if it is set up, else CATALOG. */
  defaultCatalog: () => string;
}

/** The catalogue that an id belongs to. Throws InvalidItemError when it is not one of those that are set up. */
export function getCatalog(deps: Pick<CatalogDeps, 'catalogs'>, id: string): CatalogSource {
  const provider = id.slice(0, id.indexOf(':'));
  const catalog = deps.catalogs.get(provider);
  if (catalog) return catalog;
  const known = [...deps.catalogs.keys()].join(', ');
  throw new InvalidItemError(`No catalogue "${provider}" is set up here; there is: ${known}.`);
}
