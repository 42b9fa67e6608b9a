import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  parse,
  validate,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { graphql } from '../../src/generated/documents/gql.js';
import { CHANGED_TASKS, TASK_LIST, TASK_SEQUENCE } from '../../src/rest/tasks/documents.js';
import { internalSchema, schema } from '../../src/schema.js';
import { restDocuments } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { connectionParamsOf } from '../kit/tokens.js';

const EXPENSIVE = graphql(`
  query ExpensiveInternalFields {
    changedTasks(first: 100) {
      tasks {
        children(first: 500) {
          edges {
            node {
              title
            }
          }
        }
      }
    }
  }
`);

/** `Task`, `Task.title`, `Query.tasks(first)`, `TaskState.QUEUED`. */
function partsOf(of: GraphQLSchema): string[] {
  return Object.values(of.getTypeMap()).flatMap((type) => [
    type.name,
    ...membersOf(type).flatMap(({ name, args = [] }) => [
      `${type.name}.${name}`,
      ...args.map((arg) => `${type.name}.${name}(${arg.name})`),
    ]),
  ]);
}

function membersOf(type: GraphQLNamedType): { name: string; args?: readonly { name: string }[] }[] {
  if (isEnumType(type)) return [...type.getValues()];
  if (isInputObjectType(type)) return Object.values(type.getFields());
  return isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : [];
}

const known = new Set(partsOf(schema));
const hidden = partsOf(internalSchema).filter((part) => !known.has(part));
const hiddenTypes = hidden.filter((part) => !part.includes('.'));
/** Fields of public types, as `[type, field]`. */
const hiddenFields = hidden
  .filter((part) => /^\w+\.\w+$/.test(part) && known.has(part.split('.')[0] ?? ''))
  .map((part) => part.split('.') as [string, string]);

/** A query that would be valid if the field were public. */
function queryFor(type: string, name: string): string {
  const owner = internalSchema.getType(type);
  const field = isObjectType(owner) ? owner.getFields()[name] : undefined;
  if (!field) throw new Error(`${type}.${name} is no field of an object`);
  const selected = selectionOf(field);
  return selectOn(type, selected);
}

function selectOn(type: string, selected: string): string {
  if (type === 'Query') return `{ ${selected} }`;
  if (type === 'Mutation') return `mutation { ${selected} }`;
  return `{ node(id: "Task:1") { ... on ${type} { ${selected} } } }`;
}

function selectionOf({ name, args, type }: GraphQLField<unknown, unknown>): string {
  const required = args.filter(isRequiredArgument).map((arg) => `${arg.name}: ${valueOf(arg.type)}`);
  const list = required.length > 0 ? `(${required.join(', ')})` : '';
  return `${name}${list}${isCompositeType(getNamedType(type)) ? ' { __typename }' : ''}`;
}

/** Any valid one. */
function valueOf(type: GraphQLInputType): string {
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return named.name === 'Int' ? '1' : '"1"';
  const required = Object.values(named.getFields()).filter(isRequiredInputField);
  return `{ ${required.map((field) => `${field.name}: ${valueOf(field.type)}`).join(', ')} }`;
}

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app?.stop());

interface Refusal {
  message: string;
  extensions?: { code?: string };
}
type Transport = (query: string) => Promise<Refusal[]>;

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (query: string, headers = {}) =>
  fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ query }),
  });
const errorsIn = (result: unknown) => (result as { errors?: Refusal[] }).errors ?? [];

const TRANSPORTS: Record<string, Transport> = {
  POST: async (query) => errorsIn(await (await post(query)).json()),
  GET: async (query) =>
    errorsIn(await (await fetch(`${app.url}/graphql?query=${encodeURIComponent(query)}`)).json()),
  'server-sent events': async (query) => {
    const text = await (await post(query, { accept: 'text/event-stream' })).text();
    const [, data] = /^data: (\{.*\})$/m.exec(text) ?? [];
    return errorsIn(JSON.parse(data ?? '{}'));
  },
  WebSocket: async (query) => {
    const url = `${app.url.replace('http', 'ws')}/graphql`;
    const client = createClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...connectionParamsOf(app),
    });
    const errors = await new Promise<Refusal[]>((resolve) => {
      client.subscribe(
        { query },
        {
          next: (result) => resolve(errorsIn(result)),
          error: (thrown) => resolve(Array.isArray(thrown) ? (thrown as Refusal[]) : []),
          complete: () => resolve([]),
        },
      );
    });
    await client.dispose();
    return errors;
  },
};

describe('a field that only REST documents select', () => {
  it('is one of a few', () => {
    expect(hiddenFields.map((path) => path.join('.'))).toMatchInlineSnapshot(`
      [
        "Mutation.finishProviderSignIn",
        "Mutation.finishSpotifyConnection",
        "Query.activeFirstTasks",
        "Query.changedTasks",
        "Query.profile",
        "Query.taskSequence",
        "Task.currentChild",
        "Task.outcomes",
        "Task.queuedChildren",
        "Watch.watchingEnabled",
      ]
    `);
    expect(hiddenTypes).toMatchInlineSnapshot(`
      [
        "ChangedTasks",
        "QueuedChildren",
        "SignInCallbackInput",
        "TaskChild",
      ]
    `);
    const ofPublicTypes = hidden.filter((part) => known.has(part.split('.')[0] ?? ''));
    const alone = ofPublicTypes.filter(
      (part) => !hiddenFields.some((path) => part.startsWith(path.join('.'))),
    );
    expect(alone).toEqual([]);
  });

  // A mutation by GET is refused before it is validated.
  const fieldsOver = (way: string) => hiddenFields.filter(([type]) => way !== 'GET' || type !== 'Mutation');
  const eachWay = Object.entries(TRANSPORTS).flatMap(([way, send]) =>
    fieldsOver(way).map(([type, name]) => [way, `${type}.${name}`, { send, type, name }] as const),
  );
  it.each(eachWay)('is unknown over %s: %s', async (_way, _path, { send, type, name }) => {
    const query = queryFor(type, name);
    expect(validate(internalSchema, parse(query))).toEqual([]);
    const [error] = await send(query);
    expect(error?.message).toContain(`Cannot query field "${name}" on type "${type}".`);
    expect(error?.extensions?.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  it.each(Object.entries(TRANSPORTS))('is not suggested over %s', async (way, send) => {
    const misspelled = fieldsOver(way).map(([type, name]) => selectOn(type, `${name}x`));
    const types = hiddenTypes.map((name) => `{ node(id: "Task:1") { ... on ${name}x { __typename } } }`);
    for (const query of [...misspelled, ...types]) {
      const messages = (await send(query)).map(({ message }) => message).join();
      expect(messages).toMatch(/^(Cannot query field|Unknown type)/);
      for (const name of [...hiddenTypes, ...hiddenFields.map(([, field]) => field)])
        expect(messages).not.toContain(`"${name}"`);
    }
  });

  it('stays unknown after a route has run the very same document', async () => {
    const { status } = await app.rest('GET', '/prgs/list');
    expect(status).toBe(200);
    expect((await app.rest('GET', '/prgs/updates')).status).toBe(200);
    for (const document of [TASK_LIST, CHANGED_TASKS, TASK_SEQUENCE]) {
      for (const send of Object.values(TRANSPORTS)) {
        expect((await send(document.toString()))[0]?.message).toMatch(/^(Cannot query field|Unknown type)/);
      }
    }
  });

  it('counts in the cost of a document', async () => {
    await expect(restDocuments(app).run(EXPENSIVE, {})).rejects.toThrow(
      /^The complexity of this operation is/,
    );
  });

  it('is in no form of the schema that clients can read', async () => {
    const { data } = (await (await post(getIntrospectionQuery())).json()) as { data: IntrospectionQuery };
    const read = async (path: string) => (await fetch(`${app.url}${path}`)).text();
    const seen = [buildClientSchema(data), buildSchema(await read('/schema.graphql'))].map(partsOf);
    for (const parts of seen) {
      expect(parts).toContain('Query.taskCounts');
      expect(parts.filter((part) => hidden.includes(part))).toEqual([]);
    }
    const possibleTypes = await read('/possible-types.json');
    expect(hiddenTypes.filter((name) => possibleTypes.includes(`"${name}"`))).toEqual([]);
  });
});
