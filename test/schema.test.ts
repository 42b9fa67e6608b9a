import { readFileSync } from 'node:fs';
import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
  type GraphQLNamedType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../src/schema.js';

const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__'));
/** GraphQL's own, which describe themselves. */
const BUILT_IN = ['String', 'Int', 'Float', 'Boolean', 'ID'];

describe('the GraphQL schema', () => {
  it('is the committed one (npm run schema writes it)', () => {
    expect(`${printSchema(lexicographicSortSchema(schema))}\n`).toBe(readFileSync('schema.graphql', 'utf8'));
  });

  it('describes every type, field, argument and enum value', () => {
    expect(types.filter((type) => !BUILT_IN.includes(type.name)).flatMap(undescribed)).toEqual([]);
  });

  it('names errors as members of unions, each with message and code', () => {
    const error = schema.getType('Error');
    const members = isInterfaceType(error) ? schema.getPossibleTypes(error).map(({ name }) => name) : [];
    expect(members).toEqual(
      expect.arrayContaining(['DuplicateDownload', 'CatalogItemNotFound', 'InvalidItem', 'UpstreamLimited']),
    );
  });
});

/** A field of an output or an input type, as far as it is looked at here. */
interface Described {
  name: string;
  description?: string | null;
  args?: readonly { name: string; description?: string | null }[];
}

function undescribed(type: GraphQLNamedType): string[] {
  const missing = type.description ? [] : [type.name];
  if (isEnumType(type)) {
    const values = type.getValues().filter((value) => !value.description);
    return [...missing, ...values.map((value) => `${type.name}.${value.name}`)];
  }
  if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return missing;
  const fields = Object.values(type.getFields()) as Described[];
  const names = fields.flatMap((field) => [
    ...(field.description ? [] : [`${type.name}.${field.name}`]),
    ...(field.args ?? [])
      .filter(({ description }) => !description)
      .map(({ name }) => `${type.name}.${field.name}(${name})`),
  ]);
  return [...missing, ...names];
}
