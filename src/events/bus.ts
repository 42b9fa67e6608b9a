import { levelOf } from '../database/outage.js';
import type { SettingsSection, TaskState } from '../generated/prisma/enums.js';
import type { Logger } from '../lib/logger.js';

/** Names are past tense; payloads hold ids, never whole rows. */
export interface Events {
  /** Sent by the database itself when a transaction that changed a task commits. */
  'task.changed': { taskId: string; ownerId: string; parentId: string | null; state: TaskState };
  'settings.changed': { section: SettingsSection; version: number };
  'settings.applied': Record<string, never>;
  /** A scan of the library started or finished. */
  'library.changed': Record<string, never>;
  /** A watch was added, changed, checked or removed. */
  'watch.changed': Record<string, never>;
  /** A session, a role or an API key of this user is no longer what it was. */
  'access.changed': { userId: string };
  /** The connection that listens was cut: subscribers read the database again. */
  'bus.gap': Record<string, never>;
}

export type EventName = keyof Events;

/** It runs inside `publish`, so it must not do longer work; what it throws is logged. */
type EventListener<Name extends EventName> = (payload: Events[Name]) => void | Promise<void>;

type Unsubscribe = () => void;

/** Keeps nothing: a reader that may be slower than the events puts a reader queue between. */
export interface EventBus {
  publish<Name extends EventName>(name: Name, payload: Events[Name]): void;
  on<Name extends EventName>(name: Name, listener: EventListener<Name>): Unsubscribe;
  close(): void;
}

/** An object for each `on`, so that one function listening twice is two listeners. */
interface Subscription<Name extends EventName> {
  listener: EventListener<Name>;
}

type Subscriptions = { [Name in EventName]: Set<Subscription<Name>> };

export function createEventBus({ log }: { log: Logger }): EventBus {
  const byName: Subscriptions = {
    'task.changed': new Set(),
    'settings.changed': new Set(),
    'settings.applied': new Set(),
    'library.changed': new Set(),
    'watch.changed': new Set(),
    'access.changed': new Set(),
    'bus.gap': new Set(),
  };
  let closed = false;

  return {
    publish(name, payload) {
      const onFailure = (err: unknown) =>
        log[levelOf(err, 'error')]({ err, event: name }, 'event listener failed');
      const subscriptions = byName[name];
      for (const subscription of [...subscriptions]) {
        // A listener before it may have removed it.
        if (!subscriptions.has(subscription)) continue;
        try {
          const running = subscription.listener(payload);
          if (running instanceof Promise) running.catch(onFailure);
        } catch (thrown) {
          onFailure(thrown);
        }
      }
    },
    on(name, listener) {
      if (closed) return () => undefined;
      const subscription = { listener };
      byName[name].add(subscription);
      return () => void byName[name].delete(subscription);
    },
    close() {
      closed = true;
      Object.values(byName).forEach((subscriptions) => subscriptions.clear());
    },
  };
}
