import { getOrAdd } from '../lib/get-or-add.js';

/** Makes a message about some values, or hands out the one that was made of the very same. */
export type ShareMessage = <Value extends object>(
  values: readonly Value[],
  place: string,
  make: () => Promise<object>,
) => Promise<object>;

interface Made {
  values: readonly object[];
  place: string;
  message: Promise<object>;
}

/**
 * Clients that follow the same get the same objects as news (graphql/shared-news.ts): a message about them is made
 * once for all at one place. What is true of the moment in it is as new as the newest of its values.
 */
export function createSharedMessages(): ShareMessage {
  const byFirst = new WeakMap<object, Made[]>();
  return (values, place, make) => {
    const [first] = values;
    if (!first) return make();
    const made = getOrAdd(byFirst, first, () => []);
    const same = made.find((earlier) => earlier.place === place && isSame(earlier.values, values));
    if (same) return same.message;
    const message = make();
    made.push({ values, place, message });
    message.catch(() => made.splice(0));
    return message;
  };
}

function isSame(some: readonly object[], others: readonly object[]): boolean {
  return some.length === others.length && some.every((value, index) => value === others[index]);
}
