import { getOrAdd } from '../lib/get-or-add.js';

/** Returns the message about these very values, which is made once. */
type ShareMessage = <Value extends object>(
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
 * Clients that follow the same tasks receive the same objects (graphql/shared-updates.ts), so that one message serves
 * all of them at one place. Counts and times in it are as recent as the latest of its values.
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
