import {
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
  getNamedType,
  isLeafType,
  type GraphQLInputType,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql';
import { ruledFieldsOf } from '../../src/graphql/field-rules.js';

interface RootField {
  /** `Mutation.cancelTask` */
  path: string;
  name: string;
  requirements: readonly string[];
  /** An operation with the least arguments that it allows. */
  query: string;
}

/** The public ones: of those for REST alone, its routes are tested. */
export function rootFieldsOf(schema: GraphQLSchema): RootField[] {
  const roots = new Map([
    [schema.getQueryType(), 'query'],
    [schema.getMutationType(), 'mutation'],
    [schema.getSubscriptionType(), 'subscription'],
  ]);
  return ruledFieldsOf(schema).flatMap(({ type, field, requirements }) => {
    const operation = roots.get(type);
    if (operation === undefined || isInternal(field)) return [];
    const query = `${operation} { ${field.name}${argumentsOf(field)}${selectionOf(field)} }`;
    return { path: `${type.name}.${field.name}`, name: field.name, requirements, query };
  });
}

function isInternal({ extensions }: GraphQLField<unknown, unknown>): boolean {
  return JSON.stringify(extensions['subGraphs']) === '[]';
}

function argumentsOf({ args }: GraphQLField<unknown, unknown>): string {
  const required = args.filter(isRequiredArgument).map(({ name, type }) => `${name}: ${literalOf(type)}`);
  return required.length > 0 ? `(${required.join(', ')})` : '';
}

/** Valid in form; nothing has such an id. */
const LITERALS: Record<string, string> = {
  ID: '"Task:01900000-0000-7000-8000-00000000dead"',
  Int: '1',
  Float: '1',
  Boolean: 'true',
  DateTime: '"2026-01-01T00:00:00Z"',
};

function literalOf(type: GraphQLInputType): string {
  const bare = getNullableType(type);
  if (isListType(bare)) return `[${literalOf(bare.ofType)}]`;
  if (isEnumType(bare)) return bare.getValues()[0]?.name ?? '';
  if (!isInputObjectType(bare)) return LITERALS[String(bare)] ?? '"some text"';
  const required = Object.values(bare.getFields()).filter(isRequiredInputField);
  return `{ ${required.map(({ name, type }) => `${name}: ${literalOf(type)}`).join(', ')} }`;
}

function selectionOf({ type }: GraphQLField<unknown, unknown>): string {
  const bare = getNamedType(type);
  if (isLeafType(bare)) return '';
  const mayFail =
    isUnionType(bare) &&
    bare.getTypes().some((member) => member.getInterfaces().some(({ name }) => name === 'Error'));
  return mayFail ? ' { __typename ... on Error { code } }' : ' { __typename }';
}
