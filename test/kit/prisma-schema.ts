import { readFileSync } from 'node:fs';

/** The database objects that prisma/schema.prisma declares, in the terms of PostgreSQL's catalog. */
export interface Datamodel {
  columns: Column[];
  enums: { name: string; values: string[] }[];
  /** `Table(column, column)` */
  primaryKeys: string[];
  uniques: string[];
  indexes: string[];
  /** `Table(column) -> Table(column) on delete CASCADE` */
  foreignKeys: string[];
}

export interface Column {
  table: string;
  name: string;
  type: string;
  nullable: boolean;
  default: string | null;
}

interface Field {
  name: string;
  type: string;
  list: boolean;
  optional: boolean;
  attributes: string;
}

const SCALARS: Record<string, string> = {
  String: 'text',
  Int: 'integer',
  BigInt: 'bigint',
  Bytes: 'bytea',
  Float: 'double precision',
  Boolean: 'boolean',
  DateTime: 'timestamp(3) without time zone',
  Json: 'jsonb',
};
const NATIVE: Record<string, string> = {
  '@db.Uuid': 'uuid',
  '@db.Timestamptz(3)': 'timestamp(3) with time zone',
};

/** Reads the part of Prisma's language that the schema uses; the generated client does not carry all of it. */
export function readDatamodel(path: string): Datamodel {
  const text = readFileSync(path, 'utf8').replace(/\/\/.*$/gm, '');
  const enums = blocksOf(text, 'enum').map(({ name, lines }) => ({ name, values: lines }));
  const enumNames = new Set(enums.map(({ name }) => name));
  const models = blocksOf(text, 'model').map(({ name: table, lines }) => ({
    table,
    fields: lines.filter((line) => !line.startsWith('@@')).map(toField),
    rules: lines.filter((line) => line.startsWith('@@')),
  }));
  const flat = models.flatMap(({ table, fields }) => fields.map((field) => ({ table, field })));
  const keyed = (attribute: RegExp) =>
    flat
      .filter(({ field }) => attribute.test(field.attributes))
      .map(({ table, field }) => `${table}(${field.name})`);
  const ruled = (rule: string) =>
    models.flatMap(({ table, rules }) =>
      rules.flatMap((line) => {
        const columns = new RegExp(`^@@${rule}\\(\\[(.*?)\\]`).exec(line)?.[1];
        return columns ? [`${table}(${columns})`] : [];
      }),
    );
  return {
    columns: flat.flatMap(({ table, field }) => toColumn(table, field, enumNames)),
    enums,
    primaryKeys: [...keyed(/(?<!@)@id\b/), ...ruled('id')],
    uniques: [...keyed(/@unique\b/), ...ruled('unique')],
    indexes: ruled('index'),
    foreignKeys: flat.flatMap(({ table, field }) => toForeignKey(table, field)),
  };
}

function blocksOf(text: string, keyword: string): { name: string; lines: string[] }[] {
  return [...text.matchAll(new RegExp(`^${keyword} (\\w+) \\{\\n(.*?)^\\}`, 'gms'))].map(
    ([, name = '', body = '']) => ({
      name,
      lines: body
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
    }),
  );
}

function toField(line: string): Field {
  const [, name, type, list, optional, attributes] = /^(\w+)\s+(\w+)(\[\])?(\?)?\s*(.*)$/.exec(line) ?? [];
  if (!name || !type) throw new Error(`Not a field: ${line}`);
  return { name, type, list: !!list, optional: !!optional, attributes: attributes ?? '' };
}

function toColumn(table: string, field: Field, enums: Set<string>): Column[] {
  const scalar = enums.has(field.type) ? `"${field.type}"` : SCALARS[field.type];
  if (!scalar) return [];
  const native = Object.entries(NATIVE).find(([attribute]) => field.attributes.includes(attribute))?.[1];
  const type = `${native ?? scalar}${field.list ? '[]' : ''}`;
  // Prisma's own migrations make lists nullable, and read NULL as empty.
  return [
    {
      table,
      name: field.name,
      type,
      nullable: field.optional || field.list,
      default: toDefault(field, enums),
    },
  ];
}

/** As pg_get_expr prints it. Ids are made by the client. */
function toDefault({ attributes, type }: Field, enums: Set<string>): string | null {
  const value = /@default\((.*?)\)(?=\s|$)/.exec(attributes)?.[1];
  if (value === undefined || value === 'uuid()') return null;
  if (value === 'now()') return 'CURRENT_TIMESTAMP';
  if (enums.has(type)) return `'${value}'::"${type}"`;
  return type === 'String' ? `'${value.slice(1, -1)}'::text` : value;
}

function toForeignKey(table: string, { type, attributes }: Field): string[] {
  const [, from] = /fields: \[(.*?)\]/.exec(attributes) ?? [];
  const [, to] = /references: \[(.*?)\]/.exec(attributes) ?? [];
  const [, action] = /onDelete: (\w+)/.exec(attributes) ?? [];
  return from
    ? [`${table}(${from}) -> ${type}(${to}) on delete ${(action ?? 'Restrict').toUpperCase()}`]
    : [];
}
