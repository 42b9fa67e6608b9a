import type { Deps } from '../deps.js';

/** The catalogue that searches and ids without a provider ask: the setting's, once it is set up, else CATALOG's. */
export function catalogInUse(deps: Pick<Deps, 'catalogs' | 'env' | 'settings'>): string {
  const { service } = deps.settings();
  return deps.catalogs.has(service) ? service : deps.env.catalog;
}
