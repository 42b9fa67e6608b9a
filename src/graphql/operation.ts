import {
  getOperationAST,
  OperationTypeNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
} from 'graphql';
import type { Logger } from '../lib/logger.js';
import type { ContextRequest } from './context-request.js';
import { toPublicError } from './errors.js';
import type { Requirement } from './field-rules.js';
import type { GraphqlServer, Pipeline } from './server.js';

interface OperationRequest {
  query: string;
  variables?: Record<string, unknown> | null | undefined;
  operationName?: string | null | undefined;
}

export interface PreparedOperation extends ExecutionArgs {
  contextValue: Record<string, unknown>;
  execute: Pipeline['execute'];
  subscribe: Pipeline['subscribe'];
}

export async function prepareOperation(
  { graphql, log }: { graphql: GraphqlServer; log: Logger },
  contextRequest: ContextRequest,
  request: OperationRequest,
): Promise<PreparedOperation | { errors: GraphQLError[] }> {
  const { requestId } = contextRequest;
  try {
    const { schema, parse, validate, contextFactory, execute, subscribe } = graphql.pipeline(contextRequest);
    const document = parse(request.query);
    const errors = validate(schema, document);
    if (errors.length > 0) return { errors: [...errors] };
    return {
      schema,
      document,
      variableValues: request.variables,
      operationName: request.operationName,
      contextValue: await contextFactory(),
      execute,
      subscribe,
    };
  } catch (error) {
    return { errors: [toPublicError(error, { log, requestId, code: 'GRAPHQL_PARSE_FAILED' })] };
  }
}

/** With the same context, limits and masking as over HTTP. */
export async function runOperation(
  server: { graphql: GraphqlServer; log: Logger },
  contextRequest: ContextRequest,
  request: OperationRequest,
): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
  const prepared = await prepareOperation(server, contextRequest, request);
  if ('errors' in prepared) return prepared;
  const operation = getOperationAST(prepared.document, prepared.operationName);
  const run = operation?.operation === OperationTypeNode.SUBSCRIPTION ? prepared.subscribe : prepared.execute;
  return run(prepared);
}

/** What a context (context.ts) says about the caller. */
interface CallerAccess {
  viewer?: { id: string };
  permissions?: object;
  refusal?: () => Error;
}

/** Before anything runs. Throws a GraphQLError. */
export async function readCallerAccess(
  { graphql, log }: { graphql: GraphqlServer; log: Logger },
  contextRequest: ContextRequest,
): Promise<CallerAccess> {
  try {
    return await graphql.pipeline(contextRequest).contextFactory();
  } catch (error) {
    throw toPublicError(error, { log, requestId: contextRequest.requestId });
  }
}

/** Throws a GraphQLError: why the caller is refused, as its operation would be. */
export function requirePermissions(
  { permissions, refusal }: CallerAccess,
  requirements: readonly Requirement[],
  { log, requestId }: { log: Logger; requestId: string },
): void {
  const granted = new Map(Object.entries(permissions ?? {}));
  if (requirements.every((each) => granted.get(each) === true)) return;
  throw toPublicError(refusal?.(), { log, requestId });
}
