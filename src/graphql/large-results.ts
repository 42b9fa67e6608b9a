import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DocumentNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { createDeferred, type Deferred } from '../lib/async.js';
import { createGate, type Gate, type GateLimits } from '../lib/gate.js';
import type { GraphqlContext } from '../context.js';

/** Rows that an operation turns into a response before it has to wait for its turn. */
const FREE_ROWS = 200;
/** A thousand rows take some 40 ms of CPU time, all of it before any other work. */
const LIMITS: GateLimits = { atOnce: 2, atOncePerKey: 2, waitingPerKey: 100, waitMs: 5_000 };

interface Turn {
  rows: number;
  /** What the same document had the last time: the length of some lists is known only once they are read. */
  expected: number;
  entered: Promise<void> | null;
  ended: Deferred<void>;
  gate: Gate;
}

const turns = new WeakMap<object, Turn>();

/**
 * Responses of many rows are made few at a time: each is made at one go, and all that are ready at once would hold up
 * everything else for their sum. An operation keeps its place until its result is complete.
 */
export function useLargeResults(limits: GateLimits = LIMITS): Plugin {
  const gate = createGate(limits);
  const rowsOf = new WeakMap<DocumentNode, number>();
  return {
    onExecute({ args }) {
      const { contextValue, document } = args as { contextValue: object; document: DocumentNode };
      const expected = rowsOf.get(document) ?? 0;
      const turn = { rows: 0, expected, entered: null, ended: createDeferred<void>(), gate };
      turns.set(contextValue, turn);
      const end = () => {
        rowsOf.set(document, turn.rows);
        turn.ended.resolve();
      };
      return { onExecuteDone: end };
    },
  };
}

/** For each page, with its rows. Waits once the operation has many. Throws LimitExceededError when busy. */
export async function awaitTurn(
  context: Pick<GraphqlContext, 'viewer' | 'signal'>,
  rows: number,
): Promise<void> {
  const turn = turns.get(context);
  if (!turn) return;
  turn.rows += rows;
  if (Math.max(turn.rows, turn.expected) <= FREE_ROWS) return;
  turn.entered ??= enter(turn, { key: context.viewer.id, signal: context.signal });
  await turn.entered;
}

function enter({ gate, ended }: Turn, caller: Parameters<Gate>[0]): Promise<void> {
  const entered = createDeferred<void>();
  gate(caller, async () => {
    entered.resolve();
    await ended.promise;
    // The next one would begin in the same turn of the event loop, which would then serve nobody else meanwhile.
    await nextTurn();
  }).catch((thrown: unknown) => entered.reject(thrown));
  return entered.promise;
}
