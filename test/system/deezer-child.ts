import { createApp } from '../../src/app.js';
import { createCatalogCache } from '../../src/catalog/catalog-cache.js';
import { createDatabase } from '../../src/database/prisma.js';
import { parseEnv } from '../../src/env.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/logger.js';
import { createOutbound } from '../../src/outbound/outbound.js';
import { createDeezerCatalog } from '../../src/upstream/deezer/catalog.js';
import { createFileSource } from '../kit/file-source.js';

// A worker for tracks of Deezer, at the address of a stand-in that allows more than the real one. Some of the tracks
// have audio. It goes when the test does.
process.stdin.resume().once('end', () => process.exit());
const env = parseEnv();
const log = createLogger('silent');
const url = process.env['DATABASE_URL'] ?? '';
const { db } = createDatabase({ url, log });
const outbound = createOutbound({ env, db, clock: systemClock, log });
const cache = createCatalogCache({ db, clock: systemClock, log });
const source = createFileSource();
const durationMs = Number(process.env['AUDIO_MS']);
for (const id of (process.env['WITH_AUDIO'] ?? '').split(' ')) {
  source.offer(id, process.env['AUDIO'] ?? '', { durationMs });
}
const wide = { windowMs: 500, patienceMs: 200, blockMs: 1_000 };
const catalog = createDeezerCatalog({
  outbound: {
    ...outbound,
    openService: (service) => outbound.openService({ ...service, rules: { ...service.rules, ...wide } }),
  },
  cache,
  url: env.deezerApiUrl,
});
await createApp(env, {
  log,
  catalogs: [catalog],
  sources: [source],
  settings: { askAllSources: true, maxConcurrentDownloads: 8, maxRetries: 0 },
  timing: { leaseMs: Number(process.env['LEASE_MS']), renewMs: 500, dispatchEveryMs: 500 },
});
