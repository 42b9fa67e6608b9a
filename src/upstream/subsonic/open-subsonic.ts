import type { AudioSource } from '../../catalog/audio-source.js';
import type { CatalogSource } from '../../catalog/catalog-source.js';
import type { SubsonicServer } from '../../env-subsonic.js';
import type { Outbound } from '../../outbound/outbound.js';
import { createSubsonicApi } from './api.js';
import { createSubsonicCatalog } from './catalog.js';
import { createIds, createMapping } from './map.js';
import { createSubsonicSource } from './source.js';

/** A catalog and a source, which share what they know of the server. */
export interface OpenedSubsonic {
  catalog: CatalogSource;
  source: AudioSource;
}

export function openSubsonic(outbound: Outbound, server: SubsonicServer): OpenedSubsonic {
  const ids = createIds(server.name);
  const api = createSubsonicApi(outbound, server);
  const parts = { name: server.name, api, ids, mapping: createMapping(ids) };
  return { catalog: createSubsonicCatalog(parts), source: createSubsonicSource(parts) };
}
