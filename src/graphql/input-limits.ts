import { GraphQLError, Kind, visit, type DocumentNode, type ExecutionArgs } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { getOrAdd } from '../lib/get-or-add.js';
import type { ContextRequest } from './context-request.js';
import { limitExceeded } from './limits.js';

/** The longest texts that people send are links and paths; REST has the same limit. */
export const MAX_TEXT_CHARS = 2_000;
/** Of one list. */
export const MAX_LIST_ITEMS = 1_000;
/** Of the variables of a request: members of objects and items of lists, and their texts in all. */
const MAX_ENTRIES = 2_000;
const MAX_INPUT_CHARS = 100_000;
const MAX_INPUT_DEPTH = 20;
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
    onSubscribe({ args, setResultAndStopExecution }) {
      check(args, setResultAndStopExecution);
      if (!enterReader(args)) setResultAndStopExecution({ errors: [tooManyStreams()] });
    },
  };
}

/** A WebSocket has been counted when it was opened. */
function enterReader({ contextValue }: ExecutionArgs): boolean {
  const { contextRequest, viewer } = contextValue as {
    contextRequest?: ContextRequest;
    viewer?: { id: string };
  };
  return contextRequest?.enterReader?.(viewer?.id ?? '') ?? true;
}

function tooManyStreams(): GraphQLError {
  const http = { status: 429, headers: { 'retry-after': '5' } };
  return new GraphQLError('Too many event streams are open; close some first.', {
    extensions: { code: 'LIMIT_EXCEEDED', retryAfterSeconds: 5, http },
  });
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

/**
 * Without recursion: variables nest as deep as the body is long. Each of up to 50 errors of coercion repeats a whole
 * object, hence the limits of all together.
 */
function checkVariables(
  names: readonly string[],
  values: Readonly<Record<string, unknown>>,
): GraphQLError | null {
  const open = names.map((name) => ({ name: `$${name}`, value: values[name], depth: 0 }));
  let [entries, chars] = [0, 0];
  for (let next = open.pop(); next; next = open.pop()) {
    const { name, value, depth } = next;
    const refusal = checkLength(`"${name}"`, value);
    if (refusal) return refusal;
    if (typeof value === 'string') chars += value.length;
    const isList = Array.isArray(value);
    const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (!isList) for (const [key] of inner) chars += key.length;
    entries += inner.length;
    const excess = findExcess({ entries, chars, depth });
    if (excess !== null) return limitExceeded(`The variables have ${excess} are allowed.`);
    for (const [key, each] of inner) {
      open.push({ name: isList ? name : `${name}.${key}`, value: each, depth: depth + 1 });
    }
  }
  return null;
}

function findExcess({ entries, chars, depth }: Record<'entries' | 'chars' | 'depth', number>): string | null {
  if (entries > MAX_ENTRIES) return `more than ${MAX_ENTRIES} entries; at most ${MAX_ENTRIES}`;
  if (chars > MAX_INPUT_CHARS) return `more than ${MAX_INPUT_CHARS} characters; at most ${MAX_INPUT_CHARS}`;
  if (depth > MAX_INPUT_DEPTH) return `more than ${MAX_INPUT_DEPTH} levels; at most ${MAX_INPUT_DEPTH}`;
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
