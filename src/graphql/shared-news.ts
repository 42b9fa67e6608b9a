import {
  createSourceEventStream,
  execute,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Viewer } from '../auth/viewer.js';
import { getOrAdd } from '../lib/get-or-add.js';

type Source = AsyncIterable<unknown>;

/**
 * A thousand clients who follow the same ask the same of each piece of news, which the feed hands to all of them as
 * one object: it is executed once for all that have the same viewer, document and variables. An answer with errors is
 * not shared, since these are told with the request they belong to.
 */
export function useSharedNews(): Plugin {
  const answer = createSharedAnswers();
  const subscribe = async (args: ExecutionArgs) => {
    const source = (await createSourceEventStream(args)) as Source | ExecutionResult;
    if (!(Symbol.asyncIterator in source)) return source;
    return mapEach(source, (news) => answer({ ...args, rootValue: news }));
  };
  return {
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe as Parameters<typeof setSubscribeFn>[0]),
  };
}

type Answers = Map<string, Promise<ExecutionResult>>;

function createSharedAnswers(): (args: ExecutionArgs) => Promise<ExecutionResult> {
  // Both are gone when nobody has the news any more. Equal documents are one object: Yoga's cache has parsed them.
  const byNews = new WeakMap<object, WeakMap<DocumentNode, Answers>>();
  return async (args) => {
    const { document } = args;
    const news = args.rootValue;
    const key = keyOf(args);
    if (typeof news !== 'object' || news === null || key === null) return execute(args);
    const byDocument = getOrAdd(byNews, news, () => new WeakMap<DocumentNode, Answers>());
    const answers: Answers = getOrAdd(
      byDocument,
      document,
      () => new Map<string, Promise<ExecutionResult>>(),
    );
    const earlier = answers.get(key);
    if (!earlier) {
      const first = Promise.resolve(execute(args));
      answers.set(key, first);
      return first;
    }
    const result = await earlier.catch(() => null);
    return !result || result.errors ? execute(args) : result;
  };
}

/** Null where it is not said who asks. */
function keyOf({ contextValue, operationName, variableValues }: ExecutionArgs): string | null {
  const { viewer } = contextValue as { viewer?: Viewer };
  if (!viewer) return null;
  const { id, role } = viewer;
  return JSON.stringify([id, role, operationName ?? null, variableValues ?? null]);
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
