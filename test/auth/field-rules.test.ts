import {
  getNamedType,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  isUnionType,
  parse,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { viewerOfKey } from '../../src/auth/viewer.js';
import {
  describeRequirements,
  requirementsOfDocument,
  ruledFieldsOf,
} from '../../src/graphql/field-rules.js';
import { describeRoutes } from '../../src/rest/describe-routes.js';
import { createRouteRules } from '../../src/rest/handle.js';
import type { AnyRoute } from '../../src/rest/route.js';
import { ROUTES } from '../../src/rest-routes.js';
import { internalSchema } from '../../src/schema.js';
import { askText } from '../kit/ask.js';
import { createUser, serveWith } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { rootFieldsOf } from './root-fields.js';

/** What anybody may use who reaches the server. All else needs a rule. */
const PUBLIC_MUTATIONS = [
  ...['signIn', 'register', 'refreshSession', 'signOut'],
  ...['startProviderSignIn', 'finishProviderSignIn', 'finishSpotifyConnection'],
];
/** All that they make is a way to read. */
const READING_MUTATIONS = ['createStreamTicket'];
const PUBLIC_QUERIES = ['authStatus', 'viewer', 'signInProviders'];
const PUBLIC_ROUTES = [
  ...['/auth/status', '/auth/login', '/auth/register', '/auth/logout'],
  ...['/auth/sso/status', '/auth/sso/login/{provider}', '/auth/sso/callback/{provider}'],
  '/auth/spotify/callback',
  // They describe the API, and hold no data of this server.
  ...['/openapi.json', '/docs', '/docs/{file}'],
];

const SCOPES = ['READ', 'DOWNLOAD', 'MANAGE', 'ADMIN'];

function findProblems(schema: GraphQLSchema): string[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return ruledFieldsOf(schema).flatMap(({ type, field, requirements }) => {
    const path = `${type.name}.${field.name}`;
    const isPublic =
      (type === schema.getMutationType() && PUBLIC_MUTATIONS.includes(field.name)) ||
      (type === schema.getQueryType() && PUBLIC_QUERIES.includes(field.name));
    const unknown = requirements.filter((each) => !SCOPES.includes(each) && each !== 'signedIn');
    const result = getNamedType(field.type);
    const members = isUnionType(result) ? result.getTypes().map(({ name }) => name) : [];
    const changes = type === schema.getMutationType() && !READING_MUTATIONS.includes(field.name);
    return [
      ...unknown.map((each) => `${path} requires the unknown "${each}"`),
      ...(roots.includes(type) && requirements.length === 0 && !isPublic ? [`${path} has no rule`] : []),
      ...(isPublic && requirements.length > 0 ? [`${path} is public, and has a rule`] : []),
      ...(changes && String(requirements) === 'READ' ? [`${path} changes something, and requires READ`] : []),
      // A result that may be "Forbidden" is that of a field for admins.
      ...(members.includes('Forbidden') && requirements.length === 0
        ? [`${path} is for admins, without a rule`]
        : []),
    ];
  });
}

/** As Pothos keeps the options of a type or field. */
const ruled = (pothosOptions: object) => ({ extensions: { pothosOptions } });
const text = { type: GraphQLString };

/** A mutation, a subscription, a query and an admin's field that nobody has given a rule, beside others. */
function forgetfulSchema(): GraphQLSchema {
  const Forbidden = new GraphQLObjectType({ name: 'Forbidden', fields: { message: text } });
  const Result = new GraphQLUnionType({ name: 'Result', types: [Forbidden] });
  const Deep = new GraphQLObjectType({ name: 'Deep', fields: { secret: { type: Result } } });
  return new GraphQLSchema({
    query: new GraphQLObjectType({
      name: 'Query',
      ...ruled({ authScopes: { READ: true } }),
      fields: { ruled: text, opened: { ...text, ...ruled({ skipTypeScopes: true }) }, deep: { type: Deep } },
    }),
    mutation: new GraphQLObjectType({
      name: 'Mutation',
      fields: {
        ruled: { ...text, ...ruled({ authScopes: { ADMIN: true } }) },
        forgotten: text,
        weak: { ...text, ...ruled({ authScopes: { READ: true } }) },
        misspelt: { ...text, ...ruled({ authScopes: { ADMNI: true } }) },
      },
    }),
    subscription: new GraphQLObjectType({ name: 'Subscription', fields: { forgotten: text } }),
  });
}

describe('every field', () => {
  it('has a rule, or is one of those that are public', () => {
    expect(findProblems(internalSchema)).toEqual([]);
  });

  it('without a rule is found', () => {
    expect(findProblems(forgetfulSchema()).sort()).toEqual([
      'Deep.secret is for admins, without a rule',
      'Mutation.forgotten has no rule',
      'Mutation.misspelt requires the unknown "ADMNI"',
      'Mutation.weak changes something, and requires READ',
      'Query.opened has no rule',
      'Subscription.forgotten has no rule',
    ]);
  });

  it('says in its description what it requires, if that is more than READ', () => {
    const field = internalSchema.getMutationType()?.getFields()['cancelTask'];
    expect(field?.description).toMatch(/ Requires the scope `MANAGE`\.$/);
    const toy = describeRequirements(forgetfulSchema());
    expect(toy.getMutationType()?.getFields()['ruled']?.description).toBe('Requires the scope `ADMIN`.');
    expect(toy.getQueryType()?.getFields()['ruled']?.description).toBeUndefined();
  });

  it('is refused that has a rule which only its call could decide', () => {
    const hidden = { ...text, ...ruled({ authScopes: () => true }) };
    const query = new GraphQLObjectType({ name: 'Query', fields: { hidden } });
    expect(() => ruledFieldsOf(new GraphQLSchema({ query }))).toThrow(
      'The authScopes of Query.hidden must be one scope',
    );
  });
});

describe('every route', () => {
  const rulesOf = createRouteRules({
    requirementsOf: (document) => requirementsOfDocument(internalSchema, parse(document)),
  });

  function findUnruled(routes: readonly AnyRoute[]): string[] {
    return routes.flatMap((route) => {
      const rules = rulesOf(route);
      if (PUBLIC_ROUTES.includes(route.path)) return rules.length === 0 ? [] : [`${route.path} has a rule`];
      if (rules.length === 0) return [`${route.path} has no rule`];
      return route.changes && String(rules) === 'READ' ? [`${route.path} changes something`] : [];
    });
  }

  it('has the rule of its documents, or is one of those that are public', () => {
    const all = [...ROUTES, ...describeRoutes(ROUTES)];
    expect(findUnruled(all)).toEqual([]);
    expect(PUBLIC_ROUTES.filter((path) => !all.some((route) => route.path === path))).toEqual([]);
    const ruleAt = (path: string, method: string) =>
      ROUTES.filter((each) => each.path === path && each.methods.some((one) => one === method)).map(rulesOf);
    expect(ruleAt('/prgs/stream', 'GET')).toEqual([['READ']]);
    expect(ruleAt('/prgs/{task_id}', 'GET')).toEqual([['READ']]);
    expect(ruleAt('/track/download/{id}', 'GET')).toEqual([['DOWNLOAD']]);
    expect(ruleAt('/config', 'PUT')).toEqual([['READ', 'ADMIN']]);
  });

  it('without a document, or with one that nobody has to sign in for, is found', () => {
    const [status] = ROUTES.filter(({ path }) => path === '/auth/status');
    const extra = { ...status, path: '/extra' } as AnyRoute;
    const empty = { ...status, path: '/empty', documents: [] } as AnyRoute;
    expect(findUnruled([extra, empty])).toEqual(['/extra has no rule', '/empty has no rule']);
  });
});

describe('where authentication is on', () => {
  let app: TestApp;
  let reader: TestApp;
  beforeAll(async () => {
    app = await startApp({ env: { role: 'api', authEnabled: true } });
    reader = await serveWith(app, { viewer: viewerOfKey(await createUser(app), ['READ']) });
  });
  afterAll(async () => {
    await reader.stop();
    await app.stop();
  });

  const fields = rootFieldsOf(internalSchema);
  const guarded = fields.filter(({ requirements }) => requirements.length > 0);

  it.each(guarded)('nobody may use $path without a token', async (field) => {
    const { data, errors } = await askText({ url: app.url, token: '' }, field.query);
    expect(errors.map(({ extensions }) => extensions?.code)).toEqual(['UNAUTHENTICATED']);
    expect(data?.[field.name] ?? null).toBeNull();
  });

  it.each(
    guarded.filter(({ requirements }) => requirements.some((each) => each !== 'READ' && each !== 'signedIn')),
  )('an API key that may only read may not use $path', async (field) => {
    const { data, errors } = await askText(reader, field.query);
    const codes = [...errors.map(({ extensions }) => extensions?.code), data?.[field.name]?.code];
    expect(codes.filter(Boolean)).toEqual(['FORBIDDEN']);
  });
});
