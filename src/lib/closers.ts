import type { Logger } from './logger.js';

export interface Closers {
  add(name: string, close: () => void | Promise<void>): void;
  /** Closes everything once. A failure is logged and does not keep the rest open. */
  close(): Promise<void>;
}

export function createClosers(log: Logger): Closers {
  const open: { name: string; close: () => void | Promise<void> }[] = [];
  return {
    add: (name, close) => void open.push({ name, close }),
    close: async () => {
      for (let next = open.pop(); next; next = open.pop()) {
        try {
          await next.close();
        } catch (err) {
          log.error({ err, component: next.name }, 'could not close component');
        }
      }
    },
  };
}
