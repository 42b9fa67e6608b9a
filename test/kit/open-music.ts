import { createCatalogCache, type CatalogCache } from '../../src/catalog/catalog-cache.js';
import { createDatabase } from '../../src/database/prisma.js';
import { parseEnv } from '../../src/env.js';
import { systemClock } from '../../src/lib/clock.js';
import { createOutbound, type Outbound } from '../../src/outbound/outbound.js';
import { silentLog } from './audio.js';
import { createTestDatabase } from './database.js';

/** What adapters need, with a database of its own. Redirects to local addresses are allowed. */
export interface AdapterDeps {
  outbound: Outbound;
  cache: CatalogCache;
  /** Keeps nothing, for tests of requests. */
  noCache: CatalogCache;
  close(): Promise<void>;
}

export async function createAdapterDeps(): Promise<AdapterDeps> {
  const database = await createTestDatabase();
  const log = silentLog;
  const { db, close } = createDatabase({ url: database.url, log });
  const env = parseEnv({ OUTBOUND_ALLOW: '127.0.0.1' });
  const outbound = createOutbound({ env, db, clock: systemClock, log });
  return {
    outbound,
    cache: createCatalogCache({ db, clock: systemClock, log }),
    noCache: { get: (_request, signal, load) => load(signal) },
    close: async () => {
      await outbound.close();
      await close();
      await database.drop();
    },
  };
}
