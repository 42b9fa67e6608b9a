import type { AudioSource } from '../../catalog/audio-source.js';
import type { CatalogSource } from '../../catalog/catalog-source.js';
import type { ArchiveFormat } from '../../env-outbound.js';
import { createArchiveApi, type ArchiveApiDeps } from './api.js';
import { createArchiveCatalog } from './catalog.js';
import { createArchiveSource } from './source.js';

export interface OpenedArchive {
  catalog: CatalogSource;
  source: AudioSource;
}

/** A catalog and a source, which share what they have read of items. */
export function openInternetArchive({
  formats,
  ...deps
}: ArchiveApiDeps & { formats: readonly ArchiveFormat[] }): OpenedArchive {
  const api = createArchiveApi(deps);
  return {
    catalog: createArchiveCatalog({ ...deps, api }),
    source: createArchiveSource({ api, formats }),
  };
}
