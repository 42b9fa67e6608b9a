import { Kind, visit, type DocumentNode, type ExecutionArgs, type GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { getOrAdd } from '../lib/get-or-add.js';
import { limitExceeded } from './limits.js';

/** The longest texts that people send are links and paths; REST has the same limit. */
export const MAX_TEXT_CHARS = 2_000;
/** Of one list. */
export const MAX_LIST_ITEMS = 1_000;
/** Every row that an offset skips is read; cursors go further. */
export const MAX_OFFSET = 100_000;

interface DocumentInput {
  refusal: GraphQLError | null;
  /** graphql-js ignores all others. */
  variables: readonly string[];
}

/** On every transport, before coercion, which costs by the item: no text and no list is longer. */
export function useInputLimits(): Plugin {
  const read = new WeakMap<DocumentNode, DocumentInput>();
  const check = ({ document, variableValues }: ExecutionArgs, stop: Stop) => {
    const { refusal, variables } = getOrAdd(read, document, () => readDocument(document));
    const found = refusal ?? checkVariables(variables, variableValues ?? {});
    if (found) stop({ errors: [found] });
  };
  return {
    onExecute: ({ args, setResultAndStopExecution }) => check(args, setResultAndStopExecution),
    onSubscribe: ({ args, setResultAndStopExecution }) => check(args, setResultAndStopExecution),
  };
}

type Stop = (result: { errors: GraphQLError[] }) => void;

/** Of an enum, so that no list is longer than the enum. */
export function distinct<T>(items: readonly T[] | null | undefined): T[] | null {
  return items ? [...new Set(items)] : null;
}

function readDocument(document: DocumentNode): DocumentInput {
  const variables: string[] = [];
  let refusal: GraphQLError | null = null;
  visit(document, {
    [Kind.STRING]({ value }) {
      refusal ??= checkLength('A text in the query', value);
    },
    [Kind.LIST]({ values }) {
      refusal ??= checkLength('A list in the query', values);
    },
    [Kind.VARIABLE_DEFINITION]({ variable }) {
      variables.push(variable.name.value);
    },
  });
  return { refusal, variables };
}

/** Without recursion: variables nest as deep as the body is long. */
function checkVariables(
  names: readonly string[],
  values: Readonly<Record<string, unknown>>,
): GraphQLError | null {
  const open = names.map((name) => ({ name: `$${name}`, value: values[name] }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { name, value } = next;
    const refusal = checkLength(`"${name}"`, value);
    if (refusal) return refusal;
    if (typeof value !== 'object' || value === null) continue;
    const isList = Array.isArray(value);
    for (const [key, inner] of Object.entries(value)) {
      open.push({ name: isList ? name : `${name}.${key}`, value: inner });
    }
  }
  return null;
}

function checkLength(what: string, value: unknown): GraphQLError | null {
  if (typeof value === 'string' && value.length > MAX_TEXT_CHARS) {
    return limitExceeded(`${what} has ${value.length} characters; at most ${MAX_TEXT_CHARS} are allowed.`);
  }
  if (Array.isArray(value) && value.length > MAX_LIST_ITEMS) {
    return limitExceeded(`${what} has ${value.length} items; at most ${MAX_LIST_ITEMS} are allowed.`);
  }
  return null;
}
