import type { z } from 'zod';
import type { TypedDocumentString } from '../generated/documents/graphql.js';
import type { Asset } from '../lib/asset.js';
import type { Clock } from '../lib/clock.js';
import type { OpenReader } from '../lib/reader-limits.js';
import { RestFailure } from './errors.js';
import { parseInput, type RawInput } from './input.js';
import { isReply, reply, type Reply } from './reply.js';
import type { Caller, Documents } from './run-document.js';
import type { EventSink } from './sse.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One request to a route. */
export interface RestCall {
  documents: Documents;
  /** For work that other requests share, which has a signal of its own. */
  documentsFor(signal: AbortSignal): Documents;
  /** Null when the client's address has too many connections. */
  enterReader(): OpenReader | null;
  raw: RawInput;
  /** Whether the request has a body, though it be empty, or a query. */
  hasOptions: boolean;
  headers: { get(name: string): string | null };
  /** The URL of the API as the client used it, `http://host:port/api`; for links in responses. */
  base: string;
  clock: Clock;
  /** Aborts when the client disconnects, and when the response takes too long. */
  signal: AbortSignal;
  timing: RestTiming;
}

/** Milliseconds. */
export interface RestTiming {
  /** Clients give up after 10 s; they get an error before that. */
  responseTimeoutMs: number;
  /** Minimum time between two messages of one event stream. */
  messageGapMs: number;
  /** Interval of heartbeats while nothing changes. */
  heartbeatMs: number;
}

export type RestResponse = Reply | { stream: EventSink } | { asset: Asset; headers?: Record<string, string> };

/** The documentation of a route in OpenAPI. */
export interface RouteDocs {
  /** One line, in the imperative. */
  summary: string;
  /** What a client should know beyond that, in sentences: limits, units, how to go on. */
  description: string;
  /** The body of the documented status, named by `.meta({ id })`, or each message of a stream; null for none. Tests parse responses with it. */
  response: z.ZodType | null;
  /** A request that succeeds: path parameters, query and body by name. Its tasks are in rest/example-tasks.ts. */
  example: RawInput;
  /** Name of the component for the body; for methods other than GET with more input than the path. */
  body?: string;
  /** Possible error statuses besides 400 and those of every route. */
  errors?: readonly number[];
}

/** A TypedDocumentString of any type. */
interface RestDocument {
  toString(): string;
}

/** A route in the table, without its type parameters. */
export interface AnyRoute {
  methods: readonly Method[];
  /** Below /api, without a trailing slash; `{name}` is a parameter. */
  path: `/${string}`;
  /** Path parameters, query and JSON body, by name. */
  input: z.ZodType;
  docs: RouteDocs | null;
  /** Status of a success. */
  status: number;
  /** Whether it changes something, so that pages of other origins must not call it. */
  changes: boolean;
  /** Why pages of other origins may call it all the same: what protects it in their place. */
  foreignPages: string | null;
  /** Whether a query is rejected: a link must not change settings, and a URL, which is logged, must not hold secrets. */
  bodyOnly: boolean;
  /** Responds with server-sent events. */
  streams: boolean;
  /** What it runs. It requires what their fields require, before its input is read; none: anybody may call it. */
  documents: readonly RestDocument[];
  /** Throws RestFailure for everything but a success. */
  handle(call: RestCall): Promise<RestResponse>;
}

/** One document, and the renaming of its variables and its result. */
export interface DocumentRoute<Input, Data, Variables> {
  /** Default: GET. */
  methods?: readonly Method[];
  path: `/${string}`;
  input: z.ZodType<Input>;
  docs: RouteDocs;
  document: TypedDocumentString<Data, Variables>;
  variables(input: Input, request: Pick<RestCall, 'hasOptions'>): NoInfer<Variables>;
  /** The body, or a whole Reply (reply.ts). Throws RestFailure for an error of the result union. */
  respond(data: NoInfer<Data>, request: { input: NoInfer<Input>; base: string; now: Date }): object | Reply;
  /** Default: 200. */
  status?: number;
  /** Default: pages of other origins may not call what changes something. */
  foreignPages?: string;
  /** For input with secrets. Default: a query is read too. */
  bodyOnly?: boolean;
}

export function route<Input, Data, Variables>(spec: DocumentRoute<Input, Data, Variables>): AnyRoute {
  const {
    methods = ['GET'],
    path,
    input,
    document,
    status = 200,
    foreignPages = null,
    bodyOnly = false,
  } = spec;
  return {
    methods,
    path,
    input,
    docs: spec.docs,
    status,
    changes: /^\s*mutation\b/.test(document.toString()),
    foreignPages,
    bodyOnly,
    streams: false,
    documents: [document],
    async handle({ documents, raw, hasOptions, base, clock }) {
      const parsed = parseInput(input, raw);
      const data = await documents.run(document, spec.variables(parsed, { hasOptions }));
      return toReply(spec.respond(data, { input: parsed, base, now: clock.now() }), status);
    },
  };
}

function toReply(responded: object | Reply, status: number): Reply {
  return isReply(responded) ? { status, ...responded } : reply({ status, body: responded });
}

/** A document whose variables depend on the result of another one, such as the current settings. Takes no query. */
interface PreparedRoute<Input, Prior, Data, Variables> extends Omit<
  DocumentRoute<Input, Data, Variables>,
  'variables' | 'respond' | 'status' | 'foreignPages' | 'bodyOnly'
> {
  /** A query without variables that runs first. */
  prior: TypedDocumentString<Prior, Record<string, never>>;
  variables(input: Input, prior: NoInfer<Prior>): NoInfer<Variables>;
  /** Throws RestFailure for an error of the result union. */
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
    foreignPages: null,
    bodyOnly: true,
    streams: false,
    documents: [spec.prior, document],
    async handle({ documents, raw }) {
      const parsed = parseInput(input, raw);
      const prior = await documents.run(spec.prior, {});
      const data = await documents.run(document, spec.variables(parsed, prior));
      return toReply(spec.respond(data, { input: parsed, prior }), 200);
    },
  };
}

/** A document that runs once for each page of a list, for a response that holds the whole list. */
interface PagedRoute<Input, Data, Variables> extends Omit<
  DocumentRoute<Input, Data, Variables>,
  'variables' | 'respond' | 'status' | 'methods' | 'foreignPages' | 'bodyOnly'
> {
  /** `after` is null for the first page. */
  variables(input: Input, after: string | null): NoInfer<Variables>;
  /** The cursor of the next page; null after the last. */
  next(data: NoInfer<Data>): string | null;
  /** As the response has them. The data of a page is not kept: of a long list it is most of the memory. */
  itemsOf(data: NoInfer<Data>, at: { offset: number; now: Date }): object[];
  /** Default: the items. Throws RestFailure for an error of the result union. */
  respond?(items: object[], request: { first: NoInfer<Data>; input: NoInfer<Input> }): object;
}

export function pagedRoute<Input, Data, Variables>(spec: PagedRoute<Input, Data, Variables>): AnyRoute {
  const { path, input, document, docs, respond = (items) => items } = spec;
  return {
    methods: ['GET'],
    path,
    input,
    docs,
    status: 200,
    changes: false,
    foreignPages: null,
    bodyOnly: false,
    streams: false,
    documents: [document],
    async handle({ documents, raw, clock }) {
      const parsed = parseInput(input, raw);
      const items: object[] = [];
      const read = async (after: string | null) => {
        const page: Data = await documents.run(document, spec.variables(parsed, after));
        for (const item of spec.itemsOf(page, { offset: items.length, now: clock.now() })) items.push(item);
        return page;
      };
      const first = await read(null);
      for (let after = spec.next(first); after !== null;) after = spec.next(await read(after));
      return toReply(respond(items, { first, input: parsed }), 200);
    },
  };
}

/** Server-sent events. */
interface StreamRoute<Input> {
  path: `/${string}`;
  input: z.ZodType<Input>;
  docs: RouteDocs;
  documents: readonly RestDocument[];
  /** An error in here gets an error response; afterwards the stream can only end. */
  open: (input: NoInfer<Input>, call: StreamCall) => Promise<EventSink>;
}

interface StreamCall extends RestCall {
  caller: Caller;
}

async function openStream(call: RestCall, open: (call: StreamCall) => Promise<EventSink>) {
  const reader = call.enterReader();
  if (!reader) throw tooManyReaders();
  try {
    const caller = await call.documents.identify();
    // As WebSockets count it: a viewer's streams and sockets have one limit.
    if (!reader.identify(caller.id)) throw tooManyReaders();
    const stream = await open({ ...call, caller });
    if (stream.closed.aborted) reader.leave();
    stream.closed.addEventListener('abort', reader.leave);
    return { stream };
  } catch (thrown) {
    reader.leave();
    throw thrown;
  }
}

function tooManyReaders(): RestFailure {
  return new RestFailure(429, 'Too many open event streams; close some first.', { retry_after: 10 });
}

export function streamRoute<Input>({ path, input, docs, documents, open }: StreamRoute<Input>): AnyRoute {
  return {
    methods: ['GET'],
    path,
    input,
    docs,
    status: 200,
    changes: false,
    foreignPages: null,
    bodyOnly: false,
    streams: true,
    documents,
    handle: (call) => openStream(call, (stream) => open(parseInput(input, call.raw), stream)),
  };
}
