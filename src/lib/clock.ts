/** The only source of the current time, so that a test can set it. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** The time `ms` milliseconds from now. */
export function later(clock: Clock, ms: number): Date {
  return new Date(clock.now().getTime() + ms);
}
