import type { Logger } from './logger.js';

/** `graceMs` is what is left of the time that running work has in all. */
type Close = (graceMs: number) => void | Promise<void>;

export interface Closers {
  add(name: string, close: Close): void;
  /** Closes everything once. A failure is logged and does not keep the rest open. */
  close(): Promise<void>;
}

export function createClosers(log: Logger, graceMs = 0): Closers {
  const open: { name: string; close: Close }[] = [];
  return {
    add: (name, close) => void open.push({ name, close }),
    close: async () => {
      const endsAtMs = performance.now() + graceMs;
      for (let next = open.pop(); next; next = open.pop()) {
        try {
          await next.close(Math.max(0, endsAtMs - performance.now()));
        } catch (err) {
          log.error({ err, component: next.name }, 'could not close component');
        }
      }
    },
  };
}
