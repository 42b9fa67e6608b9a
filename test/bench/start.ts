import { setTimeout as rest } from 'node:timers/promises';
import { createBenchDatabase } from './bench-database.js';
import { startBuiltServer } from './built-server.js';
import { ms, report } from './figures.js';

const MAX_START_MS = 1_500;
const MAX_RSS_BYTES = 180e6;
/** Idle is what remains when start-up's garbage has gone. */
const IDLE_MS = 10_000;

/** The second start with the embedded database, and what an idle server holds in memory. */
export async function benchStart(): Promise<void> {
  const first = await startBuiltServer();
  report('start to first answer, first start', ms(first.startedInMs));
  await first.stop({ keep: true });
  const second = await startBuiltServer({}, { directory: first.directory });
  report('start to first answer, second start', ms(second.startedInMs), {
    ok: second.startedInMs <= MAX_START_MS,
    budget: `≤ ${MAX_START_MS} ms`,
  });
  await rest(IDLE_MS);
  const rss = second.rssBytes();
  report('idle RSS of role all, without PostgreSQL', `${(rss / 1e6).toFixed(0)} MB`, {
    ok: rss <= MAX_RSS_BYTES,
    budget: `≤ ${MAX_RSS_BYTES / 1e6} MB`,
  });
  await second.stop();
  await benchExternal();
}

/** Role `all` where the database is a process of somebody else's. */
async function benchExternal(): Promise<void> {
  const database = await createBenchDatabase();
  try {
    const first = await startBuiltServer(database.env);
    await first.stop();
    const second = await startBuiltServer(database.env);
    report('start to first answer, external database', ms(second.startedInMs), {
      ok: second.startedInMs <= MAX_START_MS,
      budget: `≤ ${MAX_START_MS} ms`,
    });
    await rest(IDLE_MS);
    const rss = second.rssBytes();
    report('idle RSS of role all, external database', `${(rss / 1e6).toFixed(0)} MB`, {
      ok: rss <= MAX_RSS_BYTES,
      budget: `≤ ${MAX_RSS_BYTES / 1e6} MB`,
    });
    await second.stop();
  } finally {
    await database.drop();
  }
}
