/**
 * The times in the job store are compared by many processes, so they go by one clock: the store's. Agenda reads its
 * own process's, hence each time is moved on its way between them.
 */
export interface StoreClock {
  /** The time of the store, now. */
  now(): Date;
  toStore(own: Date): Date;
  toOwn(stored: Date): Date;
  /** To be repeated: the clock that it counts on by may stand still while the machine sleeps. */
  read(): Promise<void>;
}

export function createStoreClock(readTime: () => Promise<Date>): StoreClock {
  // Counted on by the monotonic clock, so that a change of this process's clock moves nothing.
  let aheadOfMonotonicMs = Date.now() - performance.now();
  const nowMs = () => performance.now() + aheadOfMonotonicMs;
  const aheadOfOwnMs = () => nowMs() - Date.now();
  return {
    now: () => new Date(nowMs()),
    toStore: (own) => new Date(Math.floor(own.getTime() + aheadOfOwnMs())),
    toOwn: (stored) => new Date(Math.floor(stored.getTime() - aheadOfOwnMs())),
    async read() {
      const askedAtMs = performance.now();
      const time = await readTime();
      aheadOfMonotonicMs = time.getTime() - (askedAtMs + performance.now()) / 2;
    },
  };
}

export const later = (time: Date, ms: number) => new Date(time.getTime() + ms);
