/** Requests at once. */
const AT_ONCE = 6;

interface Completion<T> {
  lacksDetails: (row: T) => boolean;
  /** A row stays as it is when it resolves with null. */
  find: (row: T) => Promise<T | null>;
  maxRequests: number;
}

/** For lists that leave fields out. Ends at the first failure: what was found until then is kept. */
export async function completeRows<T>(
  rows: readonly T[],
  { lacksDetails, find, maxRequests }: Completion<T>,
): Promise<T[]> {
  const completed = [...rows];
  const waiting = [...rows.entries()].filter(([, row]) => lacksDetails(row)).slice(0, maxRequests);
  let hasFailed = false;
  const work = async () => {
    for (let next = waiting.shift(); next && !hasFailed; next = waiting.shift()) {
      const [index, row] = next;
      completed[index] = (await find(row)) ?? row;
    }
  };
  const fail = (thrown: unknown) => {
    hasFailed = true;
    throw thrown;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, () => work().catch(fail)));
  return completed;
}
