import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What this process really keeps: without the garbage of the tests that ran in it before. */
export function liveBytes(): number {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * The least of up to eight measurements, none after the first below the bound: a busy machine only ever adds to a
 * measurement, while what is really too dear is so every time.
 */
export async function leastOf(bound: number, measure: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 8 && !(least < bound); round += 1) least = Math.min(least, await measure());
  return least;
}
