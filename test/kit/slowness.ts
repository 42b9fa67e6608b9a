/** What the loop below takes where the limits of the tests were chosen: two quiet cores. */
const QUIET_LOOP_MS = 80;
const LOOPS = 60_000_000;
/** More is no slow machine but one that does not move. */
const MOST = 20;

/**
 * How many times slower than a quiet one this machine is right now, 1 to 20. Wall time, not CPU time: what others
 * take of the CPU is what makes a wait longer.
 */
export function measureSlowness(): number {
  const startedAt = performance.now();
  spin();
  return Math.min(Math.max((performance.now() - startedAt) / QUIET_LOOP_MS, 1), MOST);
}

function spin(): number {
  let value = 1;
  for (let n = 0; n < LOOPS; n++) value = Math.imul(value ^ n, 16_777_619);
  return value;
}
