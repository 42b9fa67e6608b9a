import { Writable } from 'node:stream';
import { getIntrospectionQuery, GraphQLError } from 'graphql';
import { createSchema } from 'graphql-yoga';
import { pino } from 'pino';
import { createGraphqlServer, type GraphqlServerOptions } from '../../src/graphql/server.js';
import type { AccessContext } from '../../src/graphql/live-access.js';
import { createHttpServer, type HttpServerOptions } from '../../src/http/server.js';
import { DomainError } from '../../src/lib/errors.js';
import type { ContextRequest } from '../../src/graphql/context-request.js';

export { getIntrospectionQuery };

class TimedOut extends DomainError {
  readonly code = 'READ_TIMEOUT';
}

class DiskFull extends DomainError {
  readonly code = 'DISK_FULL';
}

/** A schema that shows how the transport behaves, and says nothing about music. */
const typeDefs = /* GraphQL */ `
  type Query {
    hello: String
    echo(text: String!): String
    bug: String
    bugText: String
    timedOut: String
    diskFull: String
    teapot: String
    node: Node!
    transport: String
    waitForAbort: String
    slow: String
    day(day: Day!): String
  }
  type Mutation {
    touch: String
  }
  interface Thing {
    id: ID
  }
  union AnyThing = Node | Box
  type Box implements Thing {
    id: ID
  }
  type Node implements Thing {
    id: ID
    name: String
    child: Node!
  }
  type Subscription {
    events(source: String!): Event
    """
    Waits for ever, and would not notice return().
    """
    silence: Event
    failing: Event
  }
  type Event {
    number: Int
    text: String
  }
  scalar Day
`;

interface ToyEvent {
  number: number;
  text: string;
}

type ToyContext = ContextRequest & { contextRequest: ContextRequest };

/** What happened in the server, for tests to look at. */
export function createToyWorld() {
  const sources = new Map<string, ReturnType<typeof createSource>>();
  const world = {
    contexts: [] as ContextRequest[],
    aborted: [] as string[],
    touched: 0,
    slow: { started: 0, finish: () => {} },
    source: (name: string) => {
      const source = sources.get(name) ?? createSource();
      sources.set(name, source);
      return source;
    },
    followAccess: null as AccessContext['followAccess'] | null,
    contextFault: null as Error | null,
  };
  return world;
}

export type ToyWorld = ReturnType<typeof createToyWorld>;

/** Pushes events to all who listen; each has its own unbounded queue. */
function createSource() {
  const listeners = new Set<{ queue: ToyEvent[]; wake: () => void }>();
  return {
    listeners,
    get size() {
      return listeners.size;
    },
    push(event: ToyEvent) {
      for (const listener of listeners) {
        listener.queue.push(event);
        listener.wake();
      }
    },
    listen(): AsyncIterableIterator<{ events: ToyEvent }> {
      let done = false;
      const listener = { queue: [] as ToyEvent[], wake: () => {} };
      listeners.add(listener);
      return {
        [Symbol.asyncIterator]() {
          return this;
        },
        async next() {
          while (listener.queue.length === 0 && !done) {
            await new Promise<void>((resolve) => {
              listener.wake = resolve;
            });
          }
          const event = listener.queue.shift();
          if (done || !event) return { done: true, value: undefined };
          return { done: false, value: { events: event } };
        },
        return() {
          done = true;
          listeners.delete(listener);
          listener.wake();
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  };
}

function createToySchema(world: ToyWorld) {
  const never = (signal: AbortSignal, name: string) =>
    new Promise<never>((_resolve, reject) => {
      const onAbort = () => {
        world.aborted.push(name);
        reject(signal.reason as Error);
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
    });
  return createSchema<ToyContext>({
    typeDefs,
    resolvers: {
      Query: {
        hello: () => 'world',
        echo: (_root: unknown, { text }: { text: string }) => text,
        bug: () => {
          throw new Error('password=hunter2');
        },
        bugText: () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error
          throw 'a bare string';
        },
        timedOut: () => {
          throw new TimedOut('The read took too long.');
        },
        diskFull: () => {
          throw new DiskFull('There is no space left on the disk.');
        },
        teapot: () => {
          throw new GraphQLError('short and stout', { extensions: { http: { status: 418 } } });
        },
        node: () => ({}),
        transport: (_root: unknown, _args: unknown, context: ToyContext) => context.transport,
        waitForAbort: (_root: unknown, _args: unknown, context: ToyContext) => never(context.signal, 'query'),
        slow: async () => {
          world.slow.started += 1;
          await new Promise<void>((resolve) => {
            world.slow.finish = resolve;
          });
          return 'done';
        },
        day: (_root: unknown, { day }: { day: string }) => day,
      },
      Node: { id: () => '1', name: () => 'x', child: () => ({}) },
      Mutation: { touch: () => String((world.touched += 1)) },
      Subscription: {
        events: {
          subscribe: (_root: unknown, { source }: { source: string }) => world.source(source).listen(),
        },
        silence: {
          // eslint-disable-next-line require-yield
          subscribe: async function* (_root: unknown, _args: unknown, context: ToyContext) {
            await never(context.signal, 'silence');
          },
        },
        failing: {
          // eslint-disable-next-line require-yield, @typescript-eslint/require-await
          subscribe: async function* () {
            throw new Error('password=hunter3');
          },
        },
      },
      Day: {
        parseValue: (value: unknown) => {
          if (value !== 'monday') throw new TypeError('There is only monday.');
          return value;
        },
      },
    } as never,
  });
}

export interface ToyOptions {
  graphql?: Partial<GraphqlServerOptions>;
  http?: Partial<HttpServerOptions>;
}

/** A real server on a free port, with its log kept as objects. */
export async function startToyServer({ graphql = {}, http = {} }: ToyOptions = {}) {
  const world = createToyWorld();
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const log = pino({ level: 'debug', base: null }, sink);
  const graphqlServer = createGraphqlServer({
    schema: createToySchema(world),
    log,
    graphiql: true,
    createContext: (request) => {
      world.contexts.push(request);
      if (world.contextFault) throw world.contextFault;
      return { ...request, followAccess: world.followAccess };
    },
    ...graphql,
  });
  const server = await createHttpServer({
    host: '127.0.0.1',
    port: 0,
    graphql: graphqlServer,
    checks: {},
    log,
    ...http,
  });
  return {
    ...server,
    world,
    lines,
    log,
    graphqlServer,
    endpoint: `${server.url}/graphql`,
    socketUrl: `${server.url.replace('http', 'ws')}/graphql`,
    stop: (options = { graceMs: 500 }) => server.stop(options),
  };
}

export type ToyServer = Awaited<ReturnType<typeof startToyServer>>;

/** POSTs an operation and gives back status, headers and the parsed answer. */
export async function post(server: ToyServer, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(server.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: toAnswer(await response.text()) };
}

export interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: unknown; extensions?: Record<string, unknown> }[];
}

/** Of an event stream, its first event. */
export function toAnswer(text: string): Answer {
  return JSON.parse(/^data: (.+)$/m.exec(text)?.[1] ?? text) as Answer;
}

/** A query of that many levels. */
export const nested = (levels: number) =>
  `{ node { ${'child { '.repeat(levels - 2)} id ${'} '.repeat(levels)}`;

/** A query that renames a field so many times. */
export const aliases = (count: number, field = '__typename') =>
  `{ ${Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ')} }`;
