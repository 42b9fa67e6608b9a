import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  NoSchemaIntrospectionCustomRule,
  parse,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  type ValidationRule,
} from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { Logger } from '../lib/logger.js';
import type { ContextFactory, ContextRequest } from './context-request.js';
import { useCostReport } from './cost.js';
import { toPublicError, toYogaLogger, useErrorMasking } from './errors.js';
import { requirementsOfDocument, type Requirement } from './field-rules.js';
import { useGraphiqlPage } from './graphiql.js';
import { useRequestParams, useStreamHeaders, useNotAcceptable } from './http-requests.js';
import { useInputLimits } from './input-limits.js';
import { useLargeResults } from './large-results.js';
import { useLiveAccess } from './live-access.js';
import { QUERY_LIMITS, useQueryLimits, type QueryLimits } from './limits.js';
import { useSharedUpdates } from './shared-updates.js';

export const GRAPHQL_PATH = '/graphql';

export interface GraphqlServerOptions {
  schema: GraphQLSchema;
  /** For REST documents. Default: the same. */
  internalSchema?: GraphQLSchema;
  createContext: ContextFactory;
  log: Logger;
  graphiql: boolean;
  limits?: QueryLimits;
}

interface ServerContext {
  contextRequest: ContextRequest;
}

type Yoga = YogaServerInstance<ServerContext, object>;

type Context = Record<string, unknown>;
type Result = ExecutionResult | AsyncIterable<ExecutionResult>;

export interface Pipeline {
  schema: GraphQLSchema;
  parse: (text: string) => DocumentNode;
  validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[];
  contextFactory: () => Context | PromiseLike<Context>;
  execute: (args: ExecutionArgs) => Promise<Result>;
  subscribe: (args: ExecutionArgs) => Promise<Result>;
}

export interface GraphqlServer {
  /** Whether clients may see the schema. */
  readonly graphiql: boolean;
  readonly schema: GraphQLSchema;
  /** What a REST document requires of its caller. */
  requirementsOf(document: string): Requirement[];
  handle(incoming: IncomingMessage, outgoing: ServerResponse, contextRequest: ContextRequest): Promise<void>;
  /** Whether a connection may stay open is decided before it runs anything. */
  createContext: ContextFactory;
  pipeline(contextRequest: ContextRequest): Pipeline;
}

/** The plugins for limits and masking also run in the pipeline of WebSocket and REST. */
export function createGraphqlServer(options: GraphqlServerOptions): GraphqlServer {
  const { createContext, graphiql, internalSchema = options.schema } = options;
  const yoga: Yoga = createYoga<ServerContext, object>({
    schema: options.schema,
    context: ({ contextRequest }) => createContext(contextRequest),
    graphqlEndpoint: GRAPHQL_PATH,
    plugins: plugins(options),
    maskedErrors: { maskError: (error) => toPublicError(error, { log: options.log }) },
    logging: toYogaLogger(options.log),
    parserAndValidationCache: {
      documentCache: createDocumentCache(),
      errorCache: createDocumentCache(),
    },
    // Replaced by useGraphiqlPage and useRequestParams.
    graphiql: false,
    landingPage: false,
    maxRequestBodySize: false,
    // Yoga's default lets any web page read responses with the visitor's cookies.
    cors: false,
    multipart: false,
    batching: false,
  });
  return {
    graphiql,
    schema: options.schema,
    requirementsOf: (document) => requirementsOfDocument(internalSchema, parse(document)),
    createContext,
    handle: async (incoming, outgoing, contextRequest) => {
      await yoga.handle(incoming, outgoing, { contextRequest });
    },
    // Yoga's `request` and `params` are absent here; its plugins allow for that.
    pipeline: (contextRequest) => {
      const pipeline: Pipeline = yoga.getEnveloped({ contextRequest });
      return contextRequest.transport === 'rest' ? { ...pipeline, schema: internalSchema } : pipeline;
    },
  };
}

function plugins({ graphiql, limits, log }: GraphqlServerOptions): Plugin[] {
  return [
    graphiql ? useGraphiqlPage(GRAPHQL_PATH) : useHiddenSchema(),
    useRequestParams(),
    useStreamHeaders(),
    useNotAcceptable(),
    useQueryLimits(limits ?? QUERY_LIMITS),
    useInputLimits(),
    useLargeResults(),
    useSharedUpdates(),
    useLiveAccess(),
    useCostReport(),
    useErrorMasking(log),
  ];
}

/** "Did you mean" would reveal the schema name by name. */
function useHiddenSchema(): Plugin {
  return {
    onValidate({ addValidationRule, setValidationFn }) {
      addValidationRule(NoSchemaIntrospectionCustomRule);
      setValidationFn((schema: GraphQLSchema, document: DocumentNode, rules: ValidationRule[]) =>
        validate(schema, document, rules, { hideSuggestions: true }),
      );
    },
  };
}

/** A parsed document takes up to some hundred times its text. */
const MAX_CACHED_CHARS = 256 * 1024;
const MAX_DOCUMENT_CHARS = 16 * 1024;

/** Yoga's caches are bounded by count only: 1,024 documents of 1 MiB would stay for an hour. */
function createDocumentCache<Value extends object>(): LRUCache<string, Value> {
  return new LRUCache<string, Value>({
    maxSize: MAX_CACHED_CHARS,
    maxEntrySize: MAX_DOCUMENT_CHARS,
    sizeCalculation: (_value, text) => Math.max(1, text.length),
  });
}
