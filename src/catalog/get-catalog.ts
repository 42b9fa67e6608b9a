import type { Deps } from '../deps.js';
import type { CatalogSource } from './catalog-source.js';
import { InvalidItemError } from './errors.js';

/** The catalogue that an id belongs to. Throws InvalidItemError when it is not one of those that are set up. */
export function getCatalog(deps: Pick<Deps, 'catalogs'>, id: string): CatalogSource {
  const provider = id.slice(0, id.indexOf(':'));
  const catalog = deps.catalogs.get(provider);
  if (catalog) return catalog;
  const known = [...deps.catalogs.keys()].join(', ');
  throw new InvalidItemError(`No catalogue "${provider}" is set up here; there is: ${known}.`);
}
