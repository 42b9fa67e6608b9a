import type { z } from 'zod';
import type { TypedDocumentString } from '../generated/documents/graphql.js';
import type { Asset } from '../lib/asset.js';
import type { Clock } from '../lib/clock.js';
import { parseInput, type RawInput } from './input.js';
import { isReply, reply, type Reply } from './reply.js';
import type { Documents } from './run-document.js';
import type { EventSink } from './sse.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A request that a route answers. */
export interface RestCall {
  documents: Documents;
  raw: RawInput;
  headers: { get(name: string): string | null };
  /** Where the client reached us, `http://host:port/api`: for addresses in answers. */
  base: string;
  clock: Clock;
  /** Aborts when the client goes away, and when the answer takes too long. */
  signal: AbortSignal;
  timing: RestTiming;
}

/** Milliseconds. */
export interface RestTiming {
  /** A client gives up after 10 s; ours is the first word. */
  answerWithinMs: number;
  /** Between two messages of one event stream, at least. */
  messageGapMs: number;
  /** A stream that has no news says so this often. */
  heartbeatMs: number;
}

export type RestAnswer = Reply | { stream: EventSink } | { asset: Asset; headers?: Record<string, string> };

/** What the OpenAPI description tells of a route. */
export interface RouteDocs {
  /** One line, in the imperative. */
  summary: string;
  /**
   * The body of the documented status; of a stream, each message; null for none. Strict enough that a test of the
   * example means something.
   */
  answer: z.ZodType | null;
  /** A request that works: parts of the path, query and body by name. Tasks are those of rest/example-tasks.ts. */
  example: RawInput;
  /** Statuses that it may answer besides its own, 400 and what every route may. */
  errors?: readonly number[];
}

/** A route in the table, whatever its types are. */
export interface AnyRoute {
  methods: readonly Method[];
  /** Below /api, without a slash at the end; `{name}` stands for one part. */
  path: `/${string}`;
  /** All that it takes: parts of the path, query and JSON body, by name. */
  input: z.ZodType;
  docs: RouteDocs | null;
  /** Of its success. */
  status: number;
  /** Whether it changes something, and so must not be started by a page elsewhere. */
  changes: boolean;
  /** Answers with a stream of events, which has no length and no end. */
  streams: boolean;
  /** Throws RestFailure for all that is not a success. */
  answer(call: RestCall): Promise<RestAnswer>;
}

/** One document, and the renaming before and after it. */
export interface DocumentRoute<Input, Data, Variables> {
  /** Default: GET. */
  methods?: readonly Method[];
  path: `/${string}`;
  input: z.ZodType<Input>;
  docs: RouteDocs;
  document: TypedDocumentString<Data, Variables>;
  variables(input: Input): NoInfer<Variables>;
  /** The body, or a whole Reply (reply.ts). Throws RestFailure where the outcome is none that the client wanted. */
  respond(data: NoInfer<Data>, request: { input: NoInfer<Input>; base: string; now: Date }): object | Reply;
  /** Default: 200. */
  status?: number;
}

export function route<Input, Data, Variables>(spec: DocumentRoute<Input, Data, Variables>): AnyRoute {
  const { methods = ['GET'], path, input, document, status = 200 } = spec;
  return {
    methods,
    path,
    input,
    docs: spec.docs,
    status,
    changes: /^\s*mutation\b/.test(document.toString()),
    streams: false,
    async answer({ documents, raw, base, clock }) {
      const parsed = parseInput(input, raw);
      const data = await documents.run(document, spec.variables(parsed));
      return toReply(spec.respond(data, { input: parsed, base, now: clock.now() }), status);
    },
  };
}

function toReply(responded: object | Reply, status: number): Reply {
  return isReply(responded) ? { status, ...responded } : reply({ status, body: responded });
}

/** A document whose variables depend on what another one answers, such as the settings as they are. */
export interface PreparedRoute<Input, Prior, Data, Variables> extends Omit<
  DocumentRoute<Input, Data, Variables>,
  'variables' | 'respond' | 'status'
> {
  /** Is run first; a query without variables. */
  prior: TypedDocumentString<Prior, Record<string, never>>;
  variables(input: Input, prior: NoInfer<Prior>): NoInfer<Variables>;
  /** Throws RestFailure where the outcome is none that the client wanted. */
  respond(data: NoInfer<Data>, request: { input: NoInfer<Input>; prior: NoInfer<Prior> }): object | Reply;
}

export function preparedRoute<Input, Prior, Data, Variables>(
  spec: PreparedRoute<Input, Prior, Data, Variables>,
): AnyRoute {
  const { methods = ['GET'], path, input, document, docs } = spec;
  return {
    methods,
    path,
    input,
    docs,
    status: 200,
    changes: /^\s*mutation\b/.test(document.toString()),
    streams: false,
    async answer({ documents, raw }) {
      const parsed = parseInput(input, raw);
      const prior = await documents.run(spec.prior, {});
      const data = await documents.run(document, spec.variables(parsed, prior));
      return toReply(spec.respond(data, { input: parsed, prior }), 200);
    },
  };
}

/** A document that is run once for each page of a list, where the answer has to hold all of it. */
export interface PagedRoute<Input, Data, Variables> extends Omit<
  DocumentRoute<Input, Data, Variables>,
  'variables' | 'respond' | 'status' | 'methods'
> {
  /** `after` is null for the first page. */
  variables(input: Input, after: string | null): NoInfer<Variables>;
  /** Where the page after this one begins; null when it was the last. */
  next(data: NoInfer<Data>): string | null;
  /** Throws RestFailure where the outcome is none that the client wanted. */
  respond(
    pages: NoInfer<Data>[],
    request: { input: NoInfer<Input>; base: string; now: Date },
  ): object | Reply;
}

export function pagedRoute<Input, Data, Variables>(spec: PagedRoute<Input, Data, Variables>): AnyRoute {
  const { path, input, document, docs } = spec;
  return {
    methods: ['GET'],
    path,
    input,
    docs,
    status: 200,
    changes: false,
    streams: false,
    async answer({ documents, raw, base, clock }) {
      const parsed = parseInput(input, raw);
      const pages: Data[] = [];
      for (let after: string | null = null, more = true; more; more = after !== null) {
        const page: Data = await documents.run(document, spec.variables(parsed, after));
        pages.push(page);
        after = spec.next(page);
      }
      return toReply(spec.respond(pages, { input: parsed, base, now: clock.now() }), 200);
    },
  };
}

/** Server-sent events. */
export interface StreamRoute<Input> {
  path: `/${string}`;
  input: z.ZodType<Input>;
  docs: RouteDocs;
  /** What fails in here is answered as by any route; after it, only the stream can end. */
  open: (input: NoInfer<Input>, call: RestCall) => Promise<EventSink>;
}

export function streamRoute<Input>({ path, input, docs, open }: StreamRoute<Input>): AnyRoute {
  return {
    methods: ['GET'],
    path,
    input,
    docs,
    status: 200,
    changes: false,
    streams: true,
    answer: async (call) => ({ stream: await open(parseInput(input, call.raw), call) }),
  };
}
