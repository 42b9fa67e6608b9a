import type { Deps } from '../deps.js';
import { deleteAnswersUntil, findAskedAt } from './catalog-cache-store.js';

const DAY_MS = 24 * 3_600_000;
/** Far longer than any answer is fresh: a catalogue that is down that long is answered for all the same. */
const KEPT_MS = 7 * DAY_MS;
/** About a gigabyte. Whoever searches for ever new words fills no disk. */
const KEPT_ANSWERS = 100_000;
const BATCH = 1_000;

/**
 * Forgets what catalogues answered a week ago and nobody has asked since, and the oldest of more answers than are
 * kept. In small statements; answers how many.
 */
export async function pruneCatalogCache(
  { db, clock, log }: Pick<Deps, 'db' | 'clock' | 'log'>,
  { signal }: { signal: AbortSignal },
): Promise<number> {
  const weekAgo = clock.now().getTime() - KEPT_MS;
  const overflow = await findAskedAt(db, KEPT_ANSWERS);
  const until = new Date(Math.max(weekAgo, overflow?.getTime() ?? 0));
  let deleted = 0;
  for (let batch = BATCH; batch === BATCH && !signal.aborted; deleted += batch) {
    batch = await deleteAnswersUntil(db, until, BATCH);
  }
  if (deleted > 0) log.info({ deleted }, 'old answers of catalogues forgotten');
  return deleted;
}
