import { Kind, visit, type DocumentNode, type ExecutionArgs, type GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { getOrAdd } from '../lib/get-or-add.js';
import { limitExceeded } from './limits.js';

/** The longest texts that people send are links and paths; REST has the same limit. */
export const MAX_TEXT_CHARS = 2_000;

interface DocumentTexts {
  refusal: GraphQLError | null;
  /** graphql-js ignores all others. */
  variables: readonly string[];
}

/** On every transport, before any resolver: no text of a document or of its variables is longer. */
export function useInputLimits(): Plugin {
  const read = new WeakMap<DocumentNode, DocumentTexts>();
  const refusalOf = ({ document, variableValues }: ExecutionArgs): GraphQLError | null => {
    const { refusal, variables } = getOrAdd(read, document, () => readDocument(document));
    return refusal ?? findLongVariable(variables, variableValues ?? {});
  };
  return {
    onExecute({ args, setResultAndStopExecution }) {
      const refusal = refusalOf(args);
      if (refusal) setResultAndStopExecution({ errors: [refusal] });
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const refusal = refusalOf(args);
      if (refusal) setResultAndStopExecution({ errors: [refusal] });
    },
  };
}

function readDocument(document: DocumentNode): DocumentTexts {
  const variables: string[] = [];
  let refusal: GraphQLError | null = null;
  visit(document, {
    [Kind.STRING]({ value }) {
      if (value.length > MAX_TEXT_CHARS) refusal ??= textTooLong('A text in the query', value);
    },
    [Kind.VARIABLE_DEFINITION]({ variable }) {
      variables.push(variable.name.value);
    },
  });
  return { refusal, variables };
}

function findLongVariable(
  names: readonly string[],
  values: Readonly<Record<string, unknown>>,
): GraphQLError | null {
  for (const name of names) {
    const text = findLongText(values[name]);
    if (text !== null) return textTooLong(`"$${name}"`, text);
  }
  return null;
}

/** Without recursion: JSON may be nested deeper than the stack is. */
function findLongText(value: unknown): string | null {
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string' && next.length > MAX_TEXT_CHARS) return next;
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) open.push(inner);
  }
  return null;
}

function textTooLong(what: string, { length }: string): GraphQLError {
  return limitExceeded(`${what} has ${length} characters; at most ${MAX_TEXT_CHARS} are allowed.`);
}
