/**
 * The least of up to eight measurements, none after the first below the bound: a busy machine only ever adds to a
 * measurement, while what is really too dear is so every time.
 */
export async function leastOf(bound: number, measure: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 8 && !(least < bound); round += 1) least = Math.min(least, await measure());
  return least;
}
