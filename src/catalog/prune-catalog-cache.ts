import type { Deps } from '../deps.js';
import { deleteAnswersBefore } from './catalog-cache-store.js';

const DAY_MS = 24 * 3_600_000;
/** Far longer than any answer is fresh: a catalogue that is down that long is answered for all the same. */
const KEPT_MS = 7 * DAY_MS;
const BATCH = 1_000;

/** Forgets what catalogues answered a week ago and nobody has asked since. In small statements; answers how many. */
export async function pruneCatalogCache(
  { db, clock, log }: Pick<Deps, 'db' | 'clock' | 'log'>,
  { signal }: { signal: AbortSignal },
): Promise<number> {
  const before = new Date(clock.now().getTime() - KEPT_MS);
  let deleted = 0;
  for (let batch = BATCH; batch === BATCH && !signal.aborted; deleted += batch) {
    batch = await deleteAnswersBefore(db, before, BATCH);
  }
  if (deleted > 0) log.info({ deleted }, 'old answers of catalogues forgotten');
  return deleted;
}
