import type { SecretDeps } from '../auth/secret-key.js';
import type { AudioSource } from '../catalog/audio-source.js';
import { createCachedCatalog } from '../catalog/cached-catalog.js';
import { createCatalogCache } from '../catalog/catalog-cache.js';
import type { CatalogDeps, CatalogSource } from '../catalog/catalog-source.js';
import { createCovers, type CoverDeps } from '../covers/covers.js';
import type { Database } from '../database/prisma.js';
import { createLibraryCatalog } from '../library/library-catalog.js';
import { createLibraryRoots } from '../library/library-roots.js';
import { createLibrarySource } from '../library/library-source.js';
import { createLibraryIndex } from '../library/library-store.js';
import type { CoverReader } from '../library/tag-reader.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { createDeezerCatalog } from './deezer/catalog.js';
import { createDemoCatalog } from './demo/catalog.js';
import { createDemoSource } from './demo/source.js';

/** All catalogs and sources, those of the overrides first, and the covers of their items. */
export function openUpstreams(
  deps: Pick<Platform, 'db' | 'reads' | 'env' | 'media' | 'clock' | 'log' | 'outbound'> &
    Pick<SettingsDeps, 'settings'> &
    SecretDeps & { workDb: Database; tagReader: CoverReader },
  overrides: { catalogs?: readonly CatalogSource[]; sources?: readonly AudioSource[] },
): CatalogDeps & CoverDeps {
  const { env, media } = deps;
  const index = createLibraryIndex(deps.db, deps.reads.db);
  const roots = createLibraryRoots(env.libraryDirs);
  const hasLibrary = env.libraryDirs.length > 0;
  const cache = createCatalogCache(deps);
  const catalogs = [
    createDemoCatalog(deps),
    ...(env.catalog === 'deezer'
      ? [createDeezerCatalog({ outbound: deps.outbound, cache, url: env.deezerApiUrl })]
      : []),
    ...(hasLibrary ? [createLibraryCatalog({ index, roots, covers: deps.tagReader })] : []),
    ...(overrides.catalogs ?? []),
  ];
  const sources = [
    ...(overrides.sources ?? []),
    ...(hasLibrary ? [createLibrarySource({ index: createLibraryIndex(deps.workDb), roots })] : []),
    createDemoSource({ media }),
  ];
  const served = new Map(
    catalogs.map((catalog) => [
      catalog.provider,
      catalog.remote ? createCachedCatalog(catalog, cache) : catalog,
    ]),
  );
  const defaultCatalog = () => {
    const { catalog } = deps.settings();
    return served.has(catalog) ? catalog : env.catalog;
  };
  return {
    catalogs: served,
    liveCatalogs: new Map(catalogs.map((catalog) => [catalog.provider, catalog])),
    sources,
    defaultCatalog,
    covers: createCovers({ ...deps, catalogs: served, defaultCatalog }),
  };
}
