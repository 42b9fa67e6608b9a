import { readFileSync } from 'node:fs';
import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  type GraphQLNamedType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { printSortedSchema } from '../src/http/schema-files.js';
import { schema } from '../src/schema.js';

const types = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__'));
/** GraphQL's own, which describe themselves. */
const BUILT_IN = ['String', 'Int', 'Float', 'Boolean', 'ID'];
const parts = types.filter((type) => !BUILT_IN.includes(type.name)).flatMap(describedParts);

describe('the GraphQL schema', () => {
  it('is the committed one (npm run schema writes it)', () => {
    expect(printSortedSchema(schema)).toBe(readFileSync('schema.graphql', 'utf8'));
  });

  it('describes every type, field, argument and enum value', () => {
    expect(parts.filter(({ description }) => description === '').map(({ path }) => path)).toEqual([]);
  });

  it('describes each in four words or more', () => {
    const terse = parts.filter(({ description }) => description.split(/\s+/).length < 4);
    expect(terse.map(({ path, description }) => `${path}: ${description}`)).toEqual([]);
  });

  it('describes no two things in the same words', () => {
    const byText = groupBy(parts, ({ description }) => description);
    const shared = [...byText.values()].filter((all) => new Set(all.map(({ name }) => name)).size > 1);
    expect(shared.map((all) => `${all.map(({ path }) => path).join(', ')}: ${all[0]?.description}`)).toEqual(
      [],
    );
  });

  it('says where to begin, with names that exist', () => {
    const { description } = schema;
    const known = types.flatMap((type) => [type.name, ...membersOf(type).map(({ name }) => name)]);
    const named = description?.match(/(?<=`)\w+(?=`)/g) ?? [];
    expect(named).toEqual(expect.arrayContaining(['search', 'queueDownload', 'taskUpdates', 'downloadPath']));
    expect(named.filter((name) => !known.includes(name) && name !== '__typename')).toEqual([]);
    for (const word of ['Errors', 'WebSocket', 'server-sent', 'Limits', 'Ids'])
      expect(description).toContain(word);
  });

  it('names a specification of each of its scalars', () => {
    const scalars = types.filter(isScalarType).filter(({ name }) => !BUILT_IN.includes(name));
    expect(scalars.map(({ name }) => name)).toContain('DateTime');
    expect(scalars.filter(({ specifiedByURL }) => !URL.canParse(specifiedByURL ?? ''))).toEqual([]);
  });

  it('describes each id by an example of its own kind', () => {
    const node = schema.getType('Node');
    const nodes = isInterfaceType(node) ? schema.getPossibleTypes(node) : [];
    const ownIds = nodes.map((type) => [type.name, type.getFields()['id']?.description]);
    const fields = Object.values(schema.getQueryType()?.getFields() ?? {});
    const arguments_ = fields.flatMap(({ type, args }) =>
      args.filter(({ name }) => name === 'id').map(({ description }) => [String(type), description]),
    );
    const others = [...ownIds, ...arguments_.filter(([type]) => type !== 'Node')].filter(
      ([type, description]) => !description?.includes(`\`${type}:`),
    );
    expect(ownIds.length).toBeGreaterThan(7);
    expect(others).toEqual([]);
  });

  it('names errors as members of unions, each with message and code', () => {
    const error = schema.getType('Error');
    const members = isInterfaceType(error) ? schema.getPossibleTypes(error).map(({ name }) => name) : [];
    expect(members).toEqual(
      expect.arrayContaining(['DuplicateDownload', 'CatalogItemNotFound', 'InvalidItem', 'UpstreamLimited']),
    );
  });
});

/** What a description stands on: `Task`, `Task.title`, `Query.tasks(first)`. */
interface Described {
  path: string;
  /** The last name of the path: the same field or argument in two places may read the same. */
  name: string;
  description: string;
}

interface Member {
  name: string;
  description?: string | null | undefined;
  args?: readonly { name: string; description?: string | null | undefined }[];
}

function describedParts(type: GraphQLNamedType): Described[] {
  const part = (path: string, { name, description }: Member) => ({
    path,
    name,
    description: description ?? '',
  });
  const members = membersOf(type).flatMap((member) => [
    part(`${type.name}.${member.name}`, member),
    ...(member.args ?? []).map((arg) => part(`${type.name}.${member.name}(${arg.name})`, arg)),
  ]);
  return [part(type.name, type), ...members];
}

function membersOf(type: GraphQLNamedType): Member[] {
  if (isEnumType(type)) return [...type.getValues()];
  const hasFields = isObjectType(type) || isInterfaceType(type) || isInputObjectType(type);
  return hasFields ? Object.values(type.getFields() as Record<string, Member>) : [];
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
