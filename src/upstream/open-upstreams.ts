import type { AudioSource } from '../catalog/audio-source.js';
import { createCachedCatalog } from '../catalog/cached-catalog.js';
import { createCatalogCache } from '../catalog/catalog-cache.js';
import type { CatalogDeps, CatalogSource } from '../catalog/catalog-source.js';
import type { Database } from '../database/prisma.js';
import { createLibraryCatalog } from '../library/library-catalog.js';
import { createLibraryRoots } from '../library/library-roots.js';
import { createLibrarySource } from '../library/library-source.js';
import { createLibraryIndex } from '../library/library-store.js';
import type { CoverReader } from '../library/tag-reader.js';
import type { Platform } from '../platform.js';
import { createDeezerCatalog } from './deezer/catalog.js';
import { createDemoCatalog } from './demo/catalog.js';
import { createDemoSource } from './demo/source.js';
import { openSubsonic } from './subsonic/open-subsonic.js';

/** All catalogs and sources, those of the overrides first. */
export function openUpstreams(
  deps: Pick<Platform, 'db' | 'reads' | 'env' | 'media' | 'clock' | 'log' | 'outbound'> & {
    workDb: Database;
    covers: CoverReader;
  },
  overrides: { catalogs?: readonly CatalogSource[]; sources?: readonly AudioSource[] },
): Pick<CatalogDeps, 'catalogs' | 'liveCatalogs' | 'sources'> {
  const { env, media, covers } = deps;
  const index = createLibraryIndex(deps.db, deps.reads.db);
  const roots = createLibraryRoots(env.libraryDirs);
  const hasLibrary = env.libraryDirs.length > 0;
  const cache = createCatalogCache(deps);
  const subsonic = env.subsonicServers.map((server) => openSubsonic(deps.outbound, server));
  const catalogs = [
    createDemoCatalog(deps),
    ...(env.catalog === 'deezer'
      ? [createDeezerCatalog({ outbound: deps.outbound, cache, url: env.deezerApiUrl })]
      : []),
    ...(hasLibrary ? [createLibraryCatalog({ index, roots, covers })] : []),
    ...subsonic.map(({ catalog }) => catalog),
    ...(overrides.catalogs ?? []),
  ];
  const sources = [
    ...(overrides.sources ?? []),
    ...(hasLibrary ? [createLibrarySource({ index: createLibraryIndex(deps.workDb), roots })] : []),
    ...subsonic.map(({ source }) => source),
    createDemoSource({ media }),
  ];
  return {
    catalogs: new Map(
      catalogs.map((catalog) => [
        catalog.provider,
        catalog.remote ? createCachedCatalog(catalog, cache) : catalog,
      ]),
    ),
    liveCatalogs: new Map(catalogs.map((catalog) => [catalog.provider, catalog])),
    sources,
  };
}
