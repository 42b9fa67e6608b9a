import { createOrderedSet } from './ordered-set.js';

/** How items are told apart and weighed. */
export interface ItemRules<T> {
  /** Of items with the same key only the latest matters. */
  key: (item: T) => string;
  /** A terminal item is neither replaced nor dropped. */
  isTerminal: (item: T) => boolean;
  sizeBytes: (item: T) => number;
  /**
   * What stands in for `pending` once `latest` has the same key; by default `latest` itself. It is read at the
   * place of `pending`, before items that came between the two: a mark that readers resume from must be that
   * of `pending`, or they would skip those.
   */
  merge?: (pending: T, latest: T) => T;
}

/** Unread items in the order in which their keys first arrived, the latest of each key. */
export interface CoalescedItems<T> {
  /** Replaces the unread item of the same key at its place; one that is terminal stays, and the new one queues. */
  put(item: T): void;
  /** Removes and returns the oldest. Wrapped, because an item may be anything. */
  take(): { item: T } | undefined;
  /** Removes the oldest that is not terminal; false when all are. */
  drop(): boolean;
  clear(): void;
  readonly size: number;
  readonly bytes: number;
}

interface Entry<T> {
  key: string;
  item: T;
  bytes: number;
  terminal: boolean;
}

export function createCoalescedItems<T>(rules: ItemRules<T>): CoalescedItems<T> {
  const { key, merge = (_, latest) => latest } = rules;
  const order = createOrderedSet<Entry<T>>();
  const droppable = createOrderedSet<Entry<T>>();
  /** The last entry of each key: the only one that a new item may replace. */
  const lastOf = new Map<string, Entry<T>>();
  let bytes = 0;

  const append = (entry: Entry<T>) => {
    order.add(entry);
    if (!entry.terminal) droppable.add(entry);
    lastOf.set(entry.key, entry);
    bytes += entry.bytes;
  };

  const replace = (entry: Entry<T>, by: Entry<T>) => {
    bytes += by.bytes - entry.bytes;
    Object.assign(entry, by);
    if (entry.terminal) droppable.delete(entry);
  };

  const remove = (entry: Entry<T>) => {
    order.delete(entry);
    droppable.delete(entry);
    if (lastOf.get(entry.key) === entry) lastOf.delete(entry.key);
    bytes -= entry.bytes;
    return entry;
  };

  return {
    put: (item) => {
      const last = lastOf.get(key(item));
      if (last && !last.terminal) replace(last, toEntry(rules, merge(last.item, item)));
      else append(toEntry(rules, item));
    },
    take: () => {
      const oldest = order.shift();
      return oldest && { item: remove(oldest).item };
    },
    drop: () => {
      const oldest = droppable.shift();
      return oldest !== undefined && remove(oldest) === oldest;
    },
    clear: () => {
      for (const container of [order, droppable, lastOf]) container.clear();
      bytes = 0;
    },
    get size() {
      return order.size;
    },
    get bytes() {
      return bytes;
    },
  };
}

function toEntry<T>(rules: ItemRules<T>, item: T): Entry<T> {
  return { key: rules.key(item), item, bytes: rules.sizeBytes(item), terminal: rules.isTerminal(item) };
}
