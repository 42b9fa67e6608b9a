import type { JobNotification, NotificationChannel } from 'agenda';

const NO_ID = '' as JobNotification['jobId'];

export interface JobWakes extends NotificationChannel {
  wake(jobName: string): void;
}

/** Spares Agenda polling. Always connected, so that a process without jobs announces too. */
export function createJobWakes(announce: (jobName: string) => void): JobWakes {
  const handlers = new Set<Parameters<NotificationChannel['subscribe']>[0]>();
  const wake = (jobName: string) => {
    const notification = { jobId: NO_ID, jobName, nextRunAt: null, priority: 0, timestamp: new Date() };
    for (const handler of handlers) void handler(notification);
  };
  return {
    wake,
    state: 'connected',
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    subscribe(handler) {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    publish({ jobName, nextRunAt }) {
      if (!nextRunAt || nextRunAt.getTime() <= Date.now()) {
        wake(jobName);
        announce(jobName);
      }
      return Promise.resolve();
    },
    on() {
      return this;
    },
    off() {
      return this;
    },
  };
}
