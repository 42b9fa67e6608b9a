/**
 * Lets one attempt to lock a job run at a time for each job name, and one more wait for it; further ones give up
 * with undefined, since the one that waits begins after them and sees what they would have seen. Without this, each
 * of Agenda's ticks adds attempts while the store is slow, and 50 wake-ups lock 50 jobs to release 47 of them.
 */
export function createLockTurns(): <T>(
  name: string,
  attempt: () => Promise<T | undefined>,
) => Promise<T | undefined> {
  const lanes = new Map<string, { running: Promise<unknown> | null; waiting: boolean }>();

  return async (name, attempt) => {
    const lane = lanes.get(name) ?? { running: null, waiting: false };
    lanes.set(name, lane);
    if (lane.waiting) return undefined;
    if (lane.running) {
      lane.waiting = true;
      await Promise.allSettled([lane.running]);
      lane.waiting = false;
    }
    const running = attempt();
    lane.running = running;
    try {
      return await running;
    } finally {
      if (lane.running === running) lane.running = null;
    }
  };
}
