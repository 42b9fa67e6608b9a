import { getOrAdd } from '../lib/get-or-add.js';
import type { Logger } from '../lib/logger.js';
import type { EventName, Events } from './events.js';

/** A reaction to an event. It runs inside `publish`, so it hands longer work on; what it throws is logged. */
export type EventListener<Name extends EventName> = (payload: Events[Name]) => void | Promise<void>;

/** Takes a listener off again; a second call does nothing. */
export type Unsubscribe = () => void;

/**
 * News within this process. It keeps nothing: an event reaches those who listen at that moment, in the order
 * they began to. A reader that may be slower than the news puts a reader queue between (reader-queue.ts).
 */
export interface EventBus {
  /** Never throws and never waits for a listener's promise; does nothing once the bus is closed. */
  publish<Name extends EventName>(name: Name, payload: Events[Name]): void;
  on<Name extends EventName>(name: Name, listener: EventListener<Name>): Unsubscribe;
  /** Calls `listener` once when the bus closes, at once when it has: where a reader ends its queue. */
  onClose(listener: () => void): Unsubscribe;
  /** Ends all readers and forgets all listeners. */
  close(): void;
}

/** An object for each `on`, so that one function listening twice is two listeners. */
interface Subscription<Payload> {
  listener: (payload: Payload) => void | Promise<void>;
}

export function createEventBus({ log }: { log: Logger }): EventBus {
  const byName = new Map<EventName, Set<Subscription<never>>>();
  const closing = new Set<Subscription<undefined>>();
  let closed = false;

  const publish: EventBus['publish'] = (name, payload) => {
    announce(byName.get(name), payload as never, (error) =>
      log.error({ err: error, event: name }, 'A listener failed'),
    );
  };

  const on: EventBus['on'] = (name, listener) => {
    if (closed) return () => undefined;
    const subscriptions = getOrAdd(byName, name, () => new Set<Subscription<never>>());
    return add(subscriptions, listener);
  };

  const onClose: EventBus['onClose'] = (listener) => {
    const unsubscribe = add(closing, listener);
    if (closed) announceClose();
    return unsubscribe;
  };

  const announceClose = () => {
    announce(closing, undefined, (error) => log.error({ err: error }, 'A listener failed as the bus closed'));
    closing.clear();
  };

  const close = () => {
    closed = true;
    byName.clear();
    announceClose();
  };

  return { publish, on, onClose, close };
}

function add<Payload>(
  subscriptions: Set<Subscription<Payload>>,
  listener: Subscription<Payload>['listener'],
): Unsubscribe {
  const subscription = { listener };
  subscriptions.add(subscription);
  return () => void subscriptions.delete(subscription);
}

/** Calls those who listened when it began and still do, so that a listener may add and remove listeners. */
function announce<Payload>(
  subscriptions: Set<Subscription<Payload>> | undefined,
  payload: Payload,
  onFailure: (error: unknown) => void,
): void {
  for (const subscription of [...(subscriptions ?? [])]) {
    if (!subscriptions?.has(subscription)) continue;
    try {
      const running = subscription.listener(payload);
      if (running instanceof Promise) running.catch(onFailure);
    } catch (error) {
      onFailure(error);
    }
  }
}
