import type { AudioSource } from '../catalog/audio-source.js';
import { createCachedCatalog } from '../catalog/cached-catalog.js';
import { createCatalogCache } from '../catalog/catalog-cache.js';
import type { CatalogDeps, CatalogSource } from '../catalog/catalog-source.js';
import type { Enrichment } from '../catalog/enrichment.js';
import { createCatalogLinks } from '../catalog/elsewhere.js';
import { createShortLinks } from '../catalog/short-links.js';
import type { Database } from '../database/prisma.js';
import { createLibraryCatalog } from '../library/library-catalog.js';
import { createLibraryRoots } from '../library/library-roots.js';
import { createLibrarySource } from '../library/library-source.js';
import { createLibraryIndex } from '../library/library-store.js';
import type { CoverReader } from '../library/tag-reader.js';
import type { Platform } from '../platform.js';
import { createDeezerCatalog } from './deezer/catalog.js';
import { createDemoCatalog } from './demo/catalog.js';
import { createMusicBrainz } from './musicbrainz/musicbrainz.js';
import { createDemoSource } from './demo/source.js';

/** All catalogs and sources, those of the overrides first. */
export function openUpstreams(
  deps: Pick<Platform, 'db' | 'reads' | 'env' | 'media' | 'clock' | 'log' | 'outbound'> & {
    workDb: Database;
    covers: CoverReader;
  },
  overrides: { catalogs?: readonly CatalogSource[]; sources?: readonly AudioSource[] },
): Pick<CatalogDeps, 'catalogs' | 'liveCatalogs' | 'sources' | 'shortLinks' | 'links'> & {
  musicBrainz: Enrichment;
} {
  const { env, media, covers } = deps;
  const index = createLibraryIndex(deps.db, deps.reads.db);
  const roots = createLibraryRoots(env.libraryDirs);
  const hasLibrary = env.libraryDirs.length > 0;
  const cache = createCatalogCache(deps);
  const links = createCatalogLinks(deps);
  const catalogs = [
    createDemoCatalog(deps),
    ...(env.catalog === 'deezer'
      ? [createDeezerCatalog({ outbound: deps.outbound, cache, url: env.deezerApiUrl })]
      : []),
    ...(hasLibrary ? [createLibraryCatalog({ index, roots, covers })] : []),
    ...(overrides.catalogs ?? []),
  ];
  const sources = [
    ...(overrides.sources ?? []),
    ...(hasLibrary ? [createLibrarySource({ index: createLibraryIndex(deps.workDb), roots })] : []),
    createDemoSource({ media }),
  ];
  return {
    catalogs: new Map(
      catalogs.map((catalog) => [
        catalog.provider,
        catalog.remote ? createCachedCatalog(catalog, cache, links.note) : catalog,
      ]),
    ),
    liveCatalogs: new Map(catalogs.map((catalog) => [catalog.provider, catalog])),
    sources,
    links,
    shortLinks: createShortLinks({ outbound: deps.outbound, cache }),
    musicBrainz: createMusicBrainz({
      outbound: deps.outbound,
      cache,
      urls: { api: env.musicBrainzUrl, covers: env.coverArtArchiveUrl },
    }),
  };
}
