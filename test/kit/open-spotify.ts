import { createAccount, setSpotifyApp } from '../../src/accounts/change-accounts.js';
import { createSecretKeys } from '../../src/auth/secret-key.js';
import { SYSTEM_VIEWER } from '../../src/auth/viewer.js';
import { createCatalogCache } from '../../src/catalog/catalog-cache.js';
import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { createDatabase, type Database } from '../../src/database/prisma.js';
import { parseEnv } from '../../src/env.js';
import { createEventBus } from '../../src/events/bus.js';
import { systemClock, type Clock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/logger.js';
import { createOutbound, type Outbound } from '../../src/outbound/outbound.js';
import { defaultSettings } from '../../src/settings/settings.js';
import { createSpotifyCatalog } from '../../src/upstream/spotify/catalog.js';
import { createSpotify, type Spotify } from '../../src/upstream/spotify/client.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { withoutLimits } from './open-deezer.js';
import { SPOTIFY_APP_SECRETS } from './spotify-server.js';

export interface OpenedSpotify {
  catalog: CatalogSource;
  spotify: Spotify;
  db: Database;
  database: TestDatabase;
  setApp(secrets: { clientId?: string; clientSecret: string }): Promise<void>;
  close(): Promise<void>;
}

interface OpenOptions {
  /** Stands in for parts of the real client, such as shorter limits. */
  change?: (outbound: Outbound) => Outbound;
  /** Another process's, whose app is there already. */
  database?: TestDatabase;
  clock?: Clock;
  market?: string;
}

const ACTOR = { viewer: SYSTEM_VIEWER, request: { requestId: 'test', address: null } };
const ACCOUNT = 'main';

/** The adapter with the app of the tests, at the address of a stand-in, as one process has it. */
export async function openSpotify(url: string, options: OpenOptions = {}): Promise<OpenedSpotify> {
  const { change = withoutLimits, clock = systemClock, market = 'DE' } = options;
  const database = options.database ?? (await createTestDatabase());
  const log = createLogger('silent');
  const { db, close } = createDatabase({ url: database.url, log });
  const env = parseEnv({
    SECRET_KEY: 'a key that only the tests of Reprise have',
    SPOTIFY_API_URL: url,
    SPOTIFY_ACCOUNTS_URL: url,
  });
  const bus = createEventBus({ log });
  const outbound = createOutbound({ env, db, clock, log });
  const secrets = createSecretKeys(env);
  const settings = () => ({ ...defaultSettings(env), spotifyAccount: ACCOUNT });
  const deps = { db, env, log, clock, secrets, settings, bus, reloadSettings: () => Promise.resolve() };
  const setApp = async (given: { clientId?: string; clientSecret: string }) => {
    await setSpotifyApp(deps, ACTOR, given);
  };
  if (!options.database) {
    await setApp(SPOTIFY_APP_SECRETS);
    const account = { service: 'spotify', name: ACCOUNT, region: market, secrets: { blobContent: 'unused' } };
    await createAccount(deps, ACTOR, account);
  }
  const spotify = createSpotify({ ...deps, outbound: change(outbound) }, () => ['demo']);
  const cache = createCatalogCache({ db, clock, log });
  const catalog = createSpotifyCatalog({
    outbound: change(outbound),
    cache,
    spotify,
    url: env.spotifyApiUrl,
  });
  return {
    ...{ catalog, spotify, db, database, setApp },
    close: async () => {
      await outbound.close();
      bus.close();
      await close();
      if (!options.database) await database.drop();
    },
  };
}
