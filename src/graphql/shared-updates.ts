import {
  createSourceEventStream,
  execute,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { getOrAdd } from '../lib/get-or-add.js';

type Source = AsyncIterable<unknown>;

/** Executes an update once for equal subscribers. Errors are not shared: they carry their request's id. */
export function useSharedUpdates(): Plugin {
  const executeOnce = createSharedExecution();
  const subscribe = async (args: ExecutionArgs) => {
    const source = (await createSourceEventStream(args)) as Source | ExecutionResult;
    if (!(Symbol.asyncIterator in source)) return source;
    return mapEach(source, (update) => executeOnce({ ...args, rootValue: update }));
  };
  return {
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe as Parameters<typeof setSubscribeFn>[0]),
  };
}

type Results = Map<string, Promise<ExecutionResult>>;

function createSharedExecution(): (args: ExecutionArgs) => Promise<ExecutionResult> {
  // Equal documents are one object, because Yoga caches parsed documents.
  const byUpdate = new WeakMap<object, WeakMap<DocumentNode, Results>>();
  return async (args) => {
    const { document } = args;
    const update = args.rootValue;
    const key = keyOf(args);
    if (typeof update !== 'object' || update === null || key === null) return execute(args);
    const byDocument = getOrAdd(byUpdate, update, () => new WeakMap<DocumentNode, Results>());
    const results: Results = getOrAdd(
      byDocument,
      document,
      () => new Map<string, Promise<ExecutionResult>>(),
    );
    const earlier = results.get(key);
    if (!earlier) {
      const first = Promise.resolve(execute(args));
      results.set(key, first);
      return first;
    }
    const result = await earlier.catch(() => null);
    return !result || result.errors ? execute(args) : result;
  };
}

function keyOf({ contextValue, operationName, variableValues }: ExecutionArgs): string | null {
  const { viewer, request } = contextValue as { viewer?: object; request?: { publicUrl?: string } };
  if (!viewer) return null;
  // With role and scopes: an API key may see less than its owner. Addresses of covers begin with the public one.
  return JSON.stringify([viewer, request?.publicUrl ?? null, operationName ?? null, variableValues ?? null]);
}

function mapEach<From, To>(
  source: AsyncIterable<From>,
  map: (value: From) => Promise<To>,
): AsyncIterableIterator<To> {
  const iterator = source[Symbol.asyncIterator]();
  const mapStep = async (step: IteratorResult<From>): Promise<IteratorResult<To>> =>
    step.done ? { done: true, value: undefined } : { done: false, value: await map(step.value) };
  return {
    next: async () => mapStep(await iterator.next()),
    return: async () => {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
