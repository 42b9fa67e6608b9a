import type { ExecutionResult } from 'graphql';
import type { Plugin, YogaLogger } from 'graphql-yoga';
import type { Logger } from '../lib/logger.js';
import type { ContextRequest } from './context-request.js';
import { isAbortError, toPublicError } from './errors.js';

interface MaskedResult {
  args: { contextValue?: unknown };
  result: ExecutionResult | AsyncIterable<ExecutionResult>;
  setResult: (result: ExecutionResult) => void;
}

/** Yoga masks too, but does not know whose request it was: what passes here is left alone there. */
export function useErrorMasking(log: Logger): Plugin {
  const maskResult = ({ args, result, setResult }: MaskedResult) => {
    if (Symbol.asyncIterator in result || !result.errors) return;
    const requestId = requestIdOf(args.contextValue);
    setResult({ ...result, errors: result.errors.map((error) => toPublicError(error, { log, requestId })) });
  };
  const maskEach = (payload: MaskedResult) => {
    if (Symbol.asyncIterator in payload.result) return { onNext: maskResult };
    return maskResult(payload);
  };
  return {
    onPluginInit({ registerContextErrorHandler }) {
      registerContextErrorHandler(({ error, setError, context }) =>
        setError(toPublicError(error, { log, requestId: requestIdOf(context) })),
      );
    },
    onExecute: () => ({ onExecuteDone: maskEach }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: maskEach,
      onSubscribeError({ error, setError }) {
        if (isAbortError(error)) return;
        setError(toPublicError(error, { log, requestId: requestIdOf(args.contextValue) }));
      },
    }),
  };
}

/** Yoga's own lines are for finding faults in Yoga; ours tell of faults already. */
export function toYogaLogger(log: Logger): YogaLogger {
  const trace = (...parts: unknown[]) => log.trace({ parts }, 'yoga');
  return { debug: trace, info: trace, warn: trace, error: trace };
}

function requestIdOf(context: unknown): string | undefined {
  return (context as { contextRequest?: ContextRequest } | undefined)?.contextRequest?.requestId;
}
