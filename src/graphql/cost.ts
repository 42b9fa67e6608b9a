import { complexityFromQuery } from '@pothos/plugin-complexity';
import { getOperationAST, Kind, type DocumentNode, type ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ContextRequest } from './context-request.js';
import { MAX_COMPLEXITY } from './limits.js';

/** Only on request: the operation is measured a second time. */
export function useCostReport(): Plugin {
  return {
    onExecute: ({ args }) => {
      if (!isRequested(args.contextValue)) return;
      return {
        onExecuteDone({ result, setResult }) {
          const cost = costOf(args);
          if (Symbol.asyncIterator in result || cost === null) return;
          setResult({ ...result, extensions: { ...result.extensions, cost } });
        },
      };
    },
  };
}

function isRequested(context: unknown): boolean {
  const { contextRequest } = context as { contextRequest?: ContextRequest };
  return Boolean(contextRequest?.headers.get('graphql-cost'));
}

function costOf({ schema, document, operationName, variableValues }: ExecutionArgs) {
  const operation = getOperationAST(document, operationName);
  if (!operation) return null;
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const measured: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...fragments] };
  try {
    const { complexity } = complexityFromQuery(measured, { schema, variables: { ...variableValues } });
    return { complexity, limit: MAX_COMPLEXITY };
  } catch {
    // Invalid variables are reported in the errors of the result.
    return null;
  }
}
