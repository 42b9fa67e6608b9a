import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  NoSchemaIntrospectionCustomRule,
  validate,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  type ValidationRule,
} from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from '../lib/logger.js';
import type { ContextFactory, ContextRequest } from './context-request.js';
import { useCsrfRefusal } from './csrf.js';
import { createDocumentCache } from './document-cache.js';
import { toYogaLogger, useErrorMasking } from './error-masking.js';
import { toPublicError } from './errors.js';
import { useGraphiqlPage } from './graphiql.js';
import { useJsonBody } from './json-body.js';
import { QUERY_LIMITS, useQueryLimits, type QueryLimits } from './limits.js';
import { useSharedNews } from './shared-news.js';

export const GRAPHQL_PATH = '/graphql';

export interface GraphqlServerOptions {
  schema: GraphQLSchema;
  createContext: ContextFactory;
  log: Logger;
  /** Whether browsers get GraphiQL, and anyone may ask what the schema is. */
  graphiql: boolean;
  limits?: QueryLimits;
}

interface ServerContext {
  contextRequest: ContextRequest;
}

type Yoga = YogaServerInstance<ServerContext, object>;

type Result = ExecutionResult | AsyncIterable<ExecutionResult>;

/** Parse, validate, make the context, execute: the same for every way in. */
export interface Pipeline {
  schema: GraphQLSchema;
  parse: (text: string) => DocumentNode;
  validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[];
  contextFactory: () => Promise<Record<string, unknown>>;
  execute: (args: ExecutionArgs) => Promise<Result>;
  subscribe: (args: ExecutionArgs) => Promise<Result>;
}

export interface GraphqlServer {
  readonly graphiql: boolean;
  /** Answers a request that came to GRAPHQL_PATH. */
  handle(incoming: IncomingMessage, outgoing: ServerResponse, contextRequest: ContextRequest): Promise<void>;
  /** For operations that come in another way (WebSocket, REST); see operation.ts. */
  pipeline(contextRequest: ContextRequest): Pipeline;
}

/**
 * GraphQL over HTTP. What must hold for WebSocket and REST too (limits, masking, context) hangs on the
 * pipeline; CSRF, body size and content types are HTTP's alone.
 */
export function createGraphqlServer(options: GraphqlServerOptions): GraphqlServer {
  const { createContext, graphiql } = options;
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
    // Ours: useGraphiqlPage, useJsonBody.
    graphiql: false,
    landingPage: false,
    maxRequestBodySize: false,
    // Yoga's default lets any page on the web read answers with the visitor's cookies.
    cors: false,
    multipart: false,
    batching: false,
  });
  return {
    graphiql,
    handle: async (incoming, outgoing, contextRequest) => {
      await yoga.handle(incoming, outgoing, { contextRequest });
    },
    // What Yoga adds for HTTP (request, params) is absent here; its plugins allow for that.
    pipeline: (contextRequest) => yoga.getEnveloped({ contextRequest } as never) as Pipeline,
  };
}

function plugins({ graphiql, limits, log }: GraphqlServerOptions): Plugin[] {
  return [
    graphiql ? useGraphiqlPage(GRAPHQL_PATH) : useSecretSchema(),
    useCsrfRefusal(),
    useJsonBody(),
    useQueryLimits(limits ?? QUERY_LIMITS),
    useSharedNews(),
    useErrorMasking(log),
  ];
}

/** No introspection, and no "did you mean" that would give the schema away name by name. */
function useSecretSchema(): Plugin {
  return {
    onValidate({ addValidationRule, setValidationFn }) {
      addValidationRule(NoSchemaIntrospectionCustomRule);
      setValidationFn((schema: GraphQLSchema, document: DocumentNode, rules: ValidationRule[]) =>
        validate(schema, document, rules, { hideSuggestions: true }),
      );
    },
  };
}
