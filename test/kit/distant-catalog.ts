import type { CatalogSource } from '../../src/catalog/catalog-source.js';
import { createDeferred, type Deferred } from '../../src/lib/async.js';
import { createStubCatalog } from './stub-catalog.js';

/** Stands in for a network catalog: it records its calls, and can be slow or failing. */
export interface DistantCatalog {
  source: CatalogSource;
  /** `findTrack far:1`, in order; lists and searches with all their arguments. */
  calls: string[];
  /** Calls whose callers have left. */
  aborted: string[];
  /** The error of all calls from now on; null when they succeed. */
  failWith(thrown: Error | null): void;
  /** Calls from now on wait for the function that this returns. */
  hold(): () => void;
}

export function createDistantCatalog(provider: string, own: Partial<CatalogSource> = {}): DistantCatalog {
  const calls: string[] = [];
  const aborted: string[] = [];
  let failure: Error | null = null;
  let gate: Deferred<void> | null = null;
  const stub = createStubCatalog(provider, own);

  const watched = Object.entries(stub).flatMap(([name, method]: [string, unknown]) => {
    if (typeof method !== 'function') return [];
    const ask = async (...given: unknown[]): Promise<unknown> => {
      const signal = given.at(-1) as AbortSignal;
      const call = [
        name,
        ...given.slice(0, -1).map((each) => (typeof each === 'string' ? each : JSON.stringify(each))),
      ].join(' ');
      calls.push(call);
      signal.addEventListener('abort', () => aborted.push(call), { once: true });
      await gate?.promise;
      signal.throwIfAborted();
      if (failure) throw failure;
      return (method as (...given: unknown[]) => unknown).apply(stub, given);
    };
    return [[name, ask]];
  });
  return {
    source: { ...stub, ...(Object.fromEntries(watched) as Partial<CatalogSource>), remote: true },
    calls,
    aborted,
    failWith: (thrown) => void (failure = thrown),
    hold() {
      gate = createDeferred<void>();
      const { resolve } = gate;
      return () => {
        gate = null;
        resolve();
      };
    },
  };
}
