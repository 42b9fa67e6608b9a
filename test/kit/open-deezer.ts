import { createCatalogCache } from '../../src/catalog/catalog-cache.js';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { createDatabase, type Database } from '../../src/database/prisma.js';
import { parseEnv } from '../../src/env.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/logger.js';
import { createOutbound, type Outbound } from '../../src/outbound/outbound.js';
import { createDeezerCatalog } from '../../src/upstream/deezer/catalog.js';
import { createTestDatabase } from './database.js';

export interface OpenedDeezer {
  catalog: CatalogSource;
  db: Database;
  close(): Promise<void>;
}

/**
 * The adapter with a database of its own, at the address of a stand-in.
 *
 * @param change what stands in for parts of the real client, such as shorter limits
 */
export async function openDeezer(
  url: string,
  change: (outbound: Outbound) => Outbound = (same) => same,
): Promise<OpenedDeezer> {
  const database = await createTestDatabase();
  const log = createLogger('silent');
  const { db, close } = createDatabase({ url: database.url, log });
  const outbound = createOutbound({ env: parseEnv({}), db, clock: systemClock, log });
  const cache = createCatalogCache({ db, clock: systemClock, log });
  const catalog = createDeezerCatalog({ outbound: change(outbound), cache, url });
  return {
    catalog,
    db,
    close: async () => {
      await outbound.close();
      await close();
      await database.drop();
    },
  };
}

/** A wide window, and no pause after a quota error: for tests of something else. */
export const withoutLimits = (outbound: Outbound): Outbound => ({
  ...outbound,
  openService: (service) =>
    outbound.openService({
      ...service,
      rules: { ...service.rules, requests: 10_000, windowMs: 1, failures: 1_000 },
      retryDelayMs: 1,
    }),
});
