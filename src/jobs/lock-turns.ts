/**
 * Lets one attempt to lock a job run at a time for each job name, and one more wait for it; further ones give up
 * with undefined, since the one that waits begins after them and sees what they would have seen. Without this, each
 * of Agenda's ticks adds attempts while the store is slow, and 50 wake-ups lock 50 jobs to release 47 of them.
 */
export function createLockTurns(): <T>(
  name: string,
  attempt: () => Promise<T | undefined>,
) => Promise<T | undefined> {
  const lanes = new Map<string, { last: Promise<unknown>; waiting: boolean }>();

  return async (name, attempt) => {
    const lane = lanes.get(name) ?? { last: Promise.resolve(), waiting: false };
    lanes.set(name, lane);
    if (lane.waiting) return undefined;
    lane.waiting = true;
    await lane.last;
    lane.waiting = false;
    const running = attempt();
    lane.last = running.catch(() => undefined);
    return running;
  };
}
