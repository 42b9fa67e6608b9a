import type { SecretDeps } from '../auth/secret-key.js';
import type { AudioSource } from '../catalog/audio-source.js';
import { createCachedCatalog } from '../catalog/cached-catalog.js';
import { createCatalogCache, type CatalogCache } from '../catalog/catalog-cache.js';
import { isCatalogSetUp, type CatalogDeps, type CatalogSource } from '../catalog/catalog-source.js';
import type { Enrichment } from '../catalog/enrichment.js';
import { createCatalogLinks } from '../catalog/elsewhere.js';
import { createShortLinks } from '../catalog/short-links.js';
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
import { openInternetArchive } from './internet-archive/open-internet-archive.js';
import { createMusicBrainz } from './musicbrainz/musicbrainz.js';
import { createDemoSource } from './demo/source.js';
import { createSpotifyCatalog } from './spotify/catalog.js';
import { createSpotify, type SpotifyDeps } from './spotify/client.js';
import { openSubsonic } from './subsonic/open-subsonic.js';

type Upstreams = Omit<CatalogDeps, 'enrichment'> & CoverDeps & SpotifyDeps & { musicBrainz: Enrichment };

/** All catalogs and sources, those of the overrides first, and the covers of their items. */
export function openUpstreams(
  deps: Pick<Platform, 'db' | 'reads' | 'env' | 'media' | 'clock' | 'log' | 'outbound' | 'bus'> &
    SecretDeps &
    Pick<SettingsDeps, 'settings'> & {
      workDb: Database;
      tagReader: CoverReader;
      /** The default one. The demo needs no network, so Deezer is off with it. */
      catalog: string;
    },
  overrides: { catalogs?: readonly CatalogSource[]; sources?: readonly AudioSource[] },
): Upstreams {
  const { env, media, outbound } = deps;
  const index = createLibraryIndex(deps.db, deps.reads.db);
  const roots = createLibraryRoots(env.libraryDirs);
  const hasLibrary = env.libraryDirs.length > 0;
  const cache = createCatalogCache(deps);
  const further = openFurther(deps, cache);
  const links = createCatalogLinks(deps);
  const others: CatalogSource[] = [
    createDemoCatalog(deps),
    ...(deps.catalog !== 'demo' ? [createDeezerCatalog({ outbound, cache, url: env.deezerApiUrl })] : []),
    ...(hasLibrary ? [createLibraryCatalog({ index, roots, covers: deps.tagReader })] : []),
    ...further.map(({ catalog }) => catalog),
    ...(overrides.catalogs ?? []),
  ];
  const spotify = createSpotify({ ...deps, db: deps.workDb }, () => others.map(({ provider }) => provider));
  const catalogs = [createSpotifyCatalog({ outbound, cache, spotify, url: env.spotifyApiUrl }), ...others];
  const sources = [
    ...(overrides.sources ?? []),
    ...(hasLibrary ? [createLibrarySource({ index: createLibraryIndex(deps.workDb), roots })] : []),
    ...further.map(({ source }) => source),
    createDemoSource({ media }),
  ];
  const served = byName(
    catalogs.map((each) => (each.remote ? createCachedCatalog(each, cache, links.note) : each)),
  );
  const defaultCatalog = () => {
    const { catalog } = deps.settings();
    return isCatalogSetUp({ catalogs: served }, catalog) ? catalog : deps.catalog;
  };
  return {
    catalogs: served,
    liveCatalogs: byName(catalogs),
    sources,
    defaultCatalog,
    covers: createCovers({ ...deps, catalogs: served }),
    links,
    spotify,
    shortLinks: createShortLinks({ outbound, cache }),
    musicBrainz: createMusicBrainz({
      outbound,
      cache,
      urls: { api: env.musicBrainzUrl, covers: env.coverArtArchiveUrl },
    }),
  };
}

/** What is a catalog and a source in one, each off until the owner sets it up. */
function openFurther(
  { env, outbound }: Pick<Platform, 'env' | 'outbound'>,
  cache: CatalogCache,
): { catalog: CatalogSource; source: AudioSource }[] {
  const { internetArchiveCollections: collections, internetArchiveFormats: formats } = env;
  const archive = { outbound, cache, url: env.internetArchiveUrl, collections, formats };
  return [
    ...env.subsonicServers.map((server) => openSubsonic(outbound, server)),
    ...(collections.length > 0 ? [openInternetArchive(archive)] : []),
  ];
}

const byName = (catalogs: readonly CatalogSource[]) =>
  new Map(catalogs.map((catalog) => [catalog.provider, catalog]));
