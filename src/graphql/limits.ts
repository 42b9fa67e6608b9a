import { GraphQLError, parse, type DocumentNode, type ParseOptions, type Source } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { measureDocument, type DocumentSize } from './document-size.js';

/** How large a document may be; counted with fragments written out, except tokens. */
export interface QueryLimits extends DocumentSize {
  /** Words and signs of the document's text. */
  tokens: number;
}

/** Introspection needs 15 levels and some 200 tokens; the largest page of a client of ours about 7 and 300. */
export const QUERY_LIMITS: QueryLimits = {
  depth: 12,
  introspectionDepth: 20,
  rootFields: 20,
  fields: 1_000,
  aliases: 30,
  directives: 50,
  tokens: 2_000,
};

/** What an operation costs at run time, by page sizes, is the schema's own affair (builder.ts). */
const NAMES: Record<keyof DocumentSize, string> = {
  depth: 'levels of depth',
  introspectionDepth: 'levels of introspection',
  rootFields: 'fields at the top',
  fields: 'fields',
  aliases: 'aliases',
  directives: 'directives',
};

/**
 * Refuses documents that are too large, before they are validated, wherever they come from. The parser stops
 * at the token limit; the rest is counted once for each document that Yoga keeps.
 */
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
      const errors = checked.get(document) ?? excesses(document, limits);
      checked.set(document, errors);
      if (errors.length > 0) setResult([...errors]);
    },
  };
}

export function limitExceeded(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED' } });
}

function excesses(document: DocumentNode, limits: QueryLimits): GraphQLError[] {
  const size = measureDocument(document);
  const names = Object.keys(NAMES) as (keyof DocumentSize)[];
  return names
    .filter((name) => size[name] > limits[name])
    .map((name) =>
      limitExceeded(`The query has ${size[name]} ${NAMES[name]}; at most ${limits[name]} are allowed.`),
    );
}

function parseWithin(maxTokens: number, source: string | Source, options?: ParseOptions): DocumentNode {
  try {
    return parse(source, { ...options, maxTokens });
  } catch (error) {
    // graphql-js marks this one by nothing but its words.
    if (!(error instanceof GraphQLError && error.message.includes('Parsing aborted'))) throw error;
    throw limitExceeded(`The query has more than ${maxTokens} tokens; at most ${maxTokens} are allowed.`);
  }
}
