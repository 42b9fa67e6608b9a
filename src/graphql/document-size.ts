import {
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** How big an operation is when all its fragments are written out. */
export interface DocumentSize {
  /** Levels of nested fields. */
  depth: number;
  /** The same below `__schema` and `__type`, which describe the schema and touch no data. */
  introspectionDepth: number;
  /** Fields side by side at the outermost level. */
  rootFields: number;
  fields: number;
  /** Renamed fields, `__typename` among them. */
  aliases: number;
  directives: number;
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

/** Each number is that of the operation which has most of it. Linear in the document, however fragments nest. */
export function measureDocument(document: DocumentNode): DocumentSize {
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
    // While it is being measured it counts as empty: a fragment that spreads itself is refused by validation.
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
