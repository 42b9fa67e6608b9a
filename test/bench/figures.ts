/** The value below which `share` of the sorted values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** One line of a bench: what, what was measured, and how that stands to its budget. */
export function report(what: string, measured: string, verdict?: { ok: boolean; budget: string }): void {
  const mark = verdict ? `  ${verdict.ok ? 'within' : 'OVER'} budget (${verdict.budget})` : '';
  process.stdout.write(`${what.padEnd(46)} ${measured}${mark}\n`);
}

export const ms = (value: number) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`;

/** The same clock in every process of this machine, with fractions. */
export const nowMs = () => performance.timeOrigin + performance.now();
