import { GraphQLError, type ExecutionResult } from 'graphql';
import type { TypedDocumentString } from '../generated/documents/graphql.js';
import type { ContextRequest } from '../graphql/context-request.js';
import type { Requirement } from '../graphql/field-rules.js';
import { readCallerAccess, requirePermissions, runOperation } from '../graphql/operation.js';
import type { GraphqlServer } from '../graphql/server.js';
import type { Logger } from '../lib/logger.js';
import { fromGraphqlErrors } from './errors.js';

/** Who calls. */
export interface Caller {
  id: string;
  /** Equal for callers that see the same. */
  sharingKey: string;
}

/** Runs GraphQL documents for one request and its viewer. Throws RestFailure for errors. */
export interface Documents {
  identify(): Promise<Caller>;
  /** Throws RestFailure 401 or 403. */
  authorize(requirements: readonly Requirement[]): Promise<void>;
  run<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<Data>;
  /** Calls `listener` with each event until it is stopped or ends. */
  follow<Data, Variables>(
    document: TypedDocumentString<Data, Variables>,
    variables: Variables,
    listener: (data: Data) => void,
  ): Promise<Following>;
}

export interface Following {
  /** Resolves when the subscription ends, rejects when it fails. */
  ended: Promise<void>;
  stop: () => void;
}

/** Documents take the same way as over HTTP: parsed once, limited, masked, in the caller's context. */
export function createDocuments(
  server: { graphql: GraphqlServer; log: Logger },
  contextRequest: ContextRequest,
): Documents {
  const start = (document: TypedDocumentString<unknown, never>, variables: unknown) =>
    runOperation(server, contextRequest, {
      query: document.toString(),
      variables: variables as Record<string, unknown>,
    });
  // Once, however often it is asked for.
  let access: ReturnType<typeof readCallerAccess> | undefined;
  const findAccess = () => (access ??= readCallerAccess(server, contextRequest));
  return {
    async identify() {
      const { viewer } = await findAccess().catch(rethrow);
      return { id: viewer?.id ?? '', sharingKey: JSON.stringify(viewer) };
    },
    async authorize(requirements) {
      if (requirements.length === 0) return;
      const { log } = server;
      const { requestId } = contextRequest;
      await findAccess()
        .then((found) => requirePermissions(found, requirements, { log, requestId }))
        .catch(rethrow);
    },
    async run<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables) {
      const result = await start(document, variables);
      if (Symbol.asyncIterator in result) throw new Error('A subscription is followed, not run.');
      return dataOf(result) as Data;
    },
    async follow(document, variables, listener) {
      const result = await start(document, variables);
      if (!(Symbol.asyncIterator in result)) throw fromGraphqlErrors(result.errors ?? []);
      const events = result[Symbol.asyncIterator]();
      const ended = readAll(events, listener as (data: unknown) => void);
      // It may fail before anybody waits for it: while another subscription of the same stream begins.
      ended.catch(() => undefined);
      return { ended, stop: () => void events.return?.() };
    },
  };
}

function rethrow(thrown: unknown): never {
  throw thrown instanceof GraphQLError ? fromGraphqlErrors([thrown]) : thrown;
}

async function readAll(
  events: AsyncIterator<ExecutionResult>,
  listener: (data: unknown) => void,
): Promise<void> {
  for (let next = await events.next(); !next.done; next = await events.next()) listener(dataOf(next.value));
}

/** Any error fails the whole response: REST has no place for partial errors. */
function dataOf({ data, errors }: ExecutionResult): unknown {
  if (errors && errors.length > 0) throw fromGraphqlErrors(errors);
  return data;
}
