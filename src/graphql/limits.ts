import {
  GraphQLError,
  Kind,
  parse,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type ParseOptions,
  type SelectionNode,
  type SelectionSetNode,
  type Source,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';

interface DocumentSize {
  depth: number;
  /** `__schema` and `__type` read no data. */
  introspectionDepth: number;
  rootFields: number;
  fields: number;
  /** `__typename` included, which graphql-armor does not count. */
  aliases: number;
  directives: number;
}

export interface QueryLimits extends DocumentSize {
  tokens: number;
}

/** Introspection needs 15 levels and some 200 tokens; our clients' largest query about 7 and 300. */
export const QUERY_LIMITS: QueryLimits = {
  depth: 12,
  introspectionDepth: 20,
  rootFields: 20,
  fields: 1_000,
  aliases: 30,
  directives: 50,
  tokens: 2_000,
};

/** A page of 500 history entries at the largest offset fits. */
export const MAX_COMPLEXITY = 60_000;

const NAMES: Record<keyof DocumentSize, string> = {
  depth: 'levels of depth',
  introspectionDepth: 'levels of introspection',
  rootFields: 'root fields',
  fields: 'fields',
  aliases: 'aliases',
  directives: 'directives',
};

/** Before validation, on every transport; counted once for each cached document. Page sizes: builder.ts. */
export function useQueryLimits(limits: QueryLimits = QUERY_LIMITS): Plugin {
  const checked = new WeakMap<DocumentNode, readonly GraphQLError[]>();
  return {
    onParse({ setParseFn }) {
      setParseFn((source: string | Source, options?: ParseOptions) =>
        parseWithin(limits.tokens, source, options),
      );
    },
    onValidate({ params, setResult }) {
      const document = params.documentAST as DocumentNode;
      const errors = checked.get(document) ?? findExcesses(document, limits);
      checked.set(document, errors);
      if (errors.length > 0) setResult([...errors]);
    },
  };
}

export function limitExceeded(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED' } });
}

function findExcesses(document: DocumentNode, limits: QueryLimits): GraphQLError[] {
  const size = measureDocument(document);
  const names = Object.keys(NAMES) as (keyof DocumentSize)[];
  const excesses = names
    .filter((name) => size[name] > limits[name])
    .map((name) =>
      limitExceeded(`The query has ${size[name]} ${NAMES[name]}; at most ${limits[name]} are allowed.`),
    );
  return [...excesses, ...findLongName(document)];
}

const MAX_NAME_CHARS = 200;

/** Every error about a name or number repeats it. */
function findLongName(document: DocumentNode): GraphQLError[] {
  let longest = 0;
  const measureLength = ({ value }: { value: string }) => {
    longest = Math.max(longest, value.length);
  };
  visit(document, {
    Name: measureLength,
    IntValue: measureLength,
    FloatValue: measureLength,
    EnumValue: measureLength,
  });
  if (longest <= MAX_NAME_CHARS) return [];
  return [
    limitExceeded(
      `A name or number in the query has ${longest} characters; at most ${MAX_NAME_CHARS} are allowed.`,
    ),
  ];
}

function parseWithin(maxTokens: number, source: string | Source, options?: ParseOptions): DocumentNode {
  try {
    return parse(source, { ...options, maxTokens });
  } catch (error) {
    // graphql-js marks this error by nothing but its message.
    if (!(error instanceof GraphQLError && error.message.includes('Parsing aborted'))) throw error;
    throw limitExceeded(`The query has more than ${maxTokens} tokens; at most ${maxTokens} are allowed.`);
  }
}

const EMPTY: DocumentSize = {
  depth: 0,
  introspectionDepth: 0,
  rootFields: 0,
  fields: 0,
  aliases: 0,
  directives: 0,
};

const INTROSPECTION = new Set(['__schema', '__type']);

/** Linear in the document, however fragments nest. */
function measureDocument(document: DocumentNode): DocumentSize {
  const measure = createMeasure(document);
  let largest = EMPTY;
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const size = measure(definition.selectionSet);
    const own = { ...size, directives: size.directives + (definition.directives?.length ?? 0) };
    largest = combine(largest, own, Math.max);
  }
  return largest;
}

function createMeasure(document: DocumentNode): (selections: SelectionSetNode) => DocumentSize {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measured = new Map<string, DocumentSize>();

  const ofFragment = (name: string): DocumentSize => {
    const known = measured.get(name);
    if (known) return known;
    // A fragment that spreads itself is rejected by validation.
    measured.set(name, EMPTY);
    const fragment = fragments.get(name);
    const size = fragment ? ofSelections(fragment.selectionSet) : EMPTY;
    measured.set(name, size);
    return size;
  };
  const ofSelection = (selection: SelectionNode): DocumentSize => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value);
    if (selection.kind === Kind.INLINE_FRAGMENT) return ofSelections(selection.selectionSet);
    return ofField(selection, selection.selectionSet ? ofSelections(selection.selectionSet) : EMPTY);
  };
  const ofSelections = (set: SelectionSetNode): DocumentSize => {
    let total = EMPTY;
    for (const selection of set.selections) total = beside(total, ofSelection(selection), selection);
    return total;
  };
  return ofSelections;
}

function ofField(field: FieldNode, below: DocumentSize): DocumentSize {
  const introspects = INTROSPECTION.has(field.name.value);
  return {
    depth: introspects ? 1 : below.depth + 1,
    introspectionDepth: introspects ? below.depth + 1 : below.introspectionDepth,
    rootFields: 1,
    fields: below.fields + 1,
    aliases: below.aliases + (field.alias ? 1 : 0),
    directives: below.directives,
  };
}

function beside(left: DocumentSize, right: DocumentSize, selection: SelectionNode): DocumentSize {
  const sum = combine(left, right, (a, b) => a + b);
  return {
    ...sum,
    depth: Math.max(left.depth, right.depth),
    introspectionDepth: Math.max(left.introspectionDepth, right.introspectionDepth),
    directives: sum.directives + (selection.directives?.length ?? 0),
  };
}

function combine(
  left: DocumentSize,
  right: DocumentSize,
  by: (a: number, b: number) => number,
): DocumentSize {
  return {
    depth: by(left.depth, right.depth),
    introspectionDepth: by(left.introspectionDepth, right.introspectionDepth),
    rootFields: by(left.rootFields, right.rootFields),
    fields: by(left.fields, right.fields),
    aliases: by(left.aliases, right.aliases),
    directives: by(left.directives, right.directives),
  };
}
