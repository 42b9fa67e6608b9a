import type { GraphqlContext } from '../context.js';
import { builder, enumTypeOf, type EnumTypeRef } from '../graphql/builder.js';
import { parseServerId, SERVER_ID } from '../graphql/node-id.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { SettingsProblem } from './errors.js';
import type { VersionOf } from './settings-store.js';
import {
  constantOf,
  describeInput,
  describeRow,
  describeWithDefault,
  nullNote,
  showDefault,
  takesNull,
  type TableChange,
  type TableRow,
  type ValueForm,
} from './settings-table.js';

interface TypeOptions {
  description: string;
  rows: readonly TableRow[];
}

const SCALARS = { boolean: 'Boolean', text: 'String', int: 'Int', float: 'Float' } as const;

function typeOf(form: ValueForm): (typeof SCALARS)[keyof typeof SCALARS] | EnumTypeRef | [EnumTypeRef] {
  if (form.type === 'enum') return enumTypeOf(form.choices);
  if (form.type === 'list') return [enumTypeOf(form.choices)];
  return SCALARS[form.type];
}

interface NodeOptions extends TypeOptions {
  load(context: GraphqlContext): Promise<VersionOf<object>>;
}

/** There is one of each on a server, with a permanent id. */
export interface TableNode {
  typename: string;
  id: typeof SERVER_ID;
  version: number;
  values: TableValues;
}

export function toTableNode(typename: string, { values, version }: VersionOf<object>): TableNode {
  return { typename, id: SERVER_ID, version, values: new Map(Object.entries(values)) };
}

export function tableNode(name: string, { description, rows, load }: NodeOptions) {
  return builder.node(builder.objectRef<TableNode>(name), {
    description,
    id: { resolve: ({ id }) => id, description: `Permanent id, always \`${name}:${SERVER_ID}\`.` },
    brandLoadedObjects: true,
    loadOne: async (id, context) => {
      parseServerId(name, id);
      return toTableNode(name, await load(context));
    },
    fields: (t) => {
      const fields = rows.map((row) => {
        const description = describeWithDefault(row) + nullNote(row);
        const resolve = ({ values }: TableNode) => valueOf(row, values);
        return [row.name, t.field({ ...valueField(row), description, resolve })] as const;
      });
      const version = t.exposeInt('version', {
        description: 'Increases with every change; 0 before the first.',
      });
      return { version, ...Object.fromEntries(fields) };
    },
  });
}

export type TableValues = ReadonlyMap<string, unknown>;

/** The values of a table, without an id. */
export function tableObject(name: string, { description, rows }: TypeOptions) {
  return builder.objectRef<TableValues>(name).implement({
    description,
    fields: (t) =>
      Object.fromEntries(
        rows.map((row) => {
          const description = describeRow(row) + nullNote(row);
          const resolve = (values: TableValues) => valueOf(row, values);
          return [row.name, t.field({ ...valueField(row), description, resolve })];
        }),
      ),
  });
}

/** Values for some rows; null for the others. `setToNull` names those that are null by choice, as in the input. */
export function partialTableObject(
  name: string,
  { description, rows, setToNull }: TypeOptions & { setToNull: EnumTypeRef<string> },
) {
  const words = rows.filter(({ form }) => form.word !== null);
  return builder.objectRef<TableValues>(name).implement({
    description,
    fields: (t) => ({
      ...Object.fromEntries(
        rows.map((row) => {
          const description = describeInput(row, false);
          const resolve = (values: TableValues) => valueOf(row, values) ?? null;
          return [row.name, t.field({ ...valueField(row), nullable: true, description, resolve })];
        }),
      ),
      setToNull: t.field({
        type: [setToNull],
        description: 'Options that are null by choice, and not because they follow the settings.',
        resolve: (values) =>
          words.filter((row) => values.get(row.name) === row.form.word).map((row) => row.name),
      }),
    }),
  });
}

const valueField = (row: TableRow) => ({ type: typeOf(row.form), nullable: takesNull(row) });

function valueOf({ name, form }: TableRow, values: TableValues): unknown {
  const value = values.get(name);
  return value === form.word ? null : value;
}

interface InputOptions extends TypeOptions {
  /** Names of the enums for `resetToDefault`, which an input without it omits, and `setToNull`. */
  enums: { reset?: string; setToNull: string };
  /** Rows that `setToNull` has; by default, those that may be null. */
  nullable?: readonly TableRow[];
}

export function tableInput(name: string, options: InputOptions) {
  const { description, rows, enums, nullable = rows.filter(takesNull) } = options;
  const [firstRow, firstNullable] = [rows[0], nullable[0]];
  return builder.inputType(name, {
    description: `${description} \`null\` counts as omitted.`,
    fields: (t) => ({
      ...Object.fromEntries(
        rows.map((row) => {
          const about = describeInput(row, nullable.includes(row));
          return [row.name, t.field({ type: typeOf(row.form), description: about })];
        }),
      ),
      ...(enums.reset !== undefined &&
        firstRow && {
          resetToDefault: t.field({
            type: [resetEnum(enums.reset, { input: name, rows })],
            description: `Settings to put back to their defaults, for example \`[${constantOf(firstRow.name)}]\`.`,
          }),
        }),
      ...(firstNullable && {
        setToNull: t.field({
          type: [nullEnum(enums.setToNull, { input: name, rows: nullable })],
          description: `Values to clear, for example \`[${constantOf(firstNullable.name)}]\`.`,
        }),
      }),
    }),
  });
}

interface EnumRows {
  /** Name of the input type. */
  input: string;
  rows: readonly TableRow[];
}

function resetEnum(name: string, { input, rows }: EnumRows) {
  const about = (row: TableRow) => `Puts \`${row.name}\` back to its default, ${showDefault(row)}.`;
  return namesEnum(name, { description: `What \`resetToDefault\` of ${input} can name.`, rows, about });
}

const nullEnums = new Map<string, EnumTypeRef<string>>();

/** The same one for the output that shows the input. */
export function nullEnum(name: string, options: EnumRows): EnumTypeRef<string> {
  return getOrAdd(nullEnums, name, () => createNullEnum(name, options));
}

function createNullEnum(name: string, { input, rows }: EnumRows) {
  const about = ({ name: row, form }: TableRow) =>
    `Sets \`${row}\` to null${form.word === null ? '' : `, which stands for \`${form.word}\``}.`;
  return namesEnum(name, { description: `What \`setToNull\` of ${input} can name.`, rows, about });
}

function namesEnum(name: string, options: TypeOptions & { about(row: TableRow): string }) {
  const { description, rows, about } = options;
  return builder.enumType(name, {
    description,
    values: Object.fromEntries(
      rows.map((row) => [constantOf(row.name), { value: row.name, description: about(row) }]),
    ),
  });
}

/** Generated clients send null for what is not set: only `setToNull` clears. */
export function readChange<Values extends object>(
  rows: readonly TableRow[],
  input: Record<string, unknown>,
): TableChange<Values> {
  const given = rows.filter(({ name }) => input[name] !== null && input[name] !== undefined);
  const reset = namesOf(input['resetToDefault']);
  const cleared = namesOf(input['setToNull']);
  const values = [
    ...given.map(({ name }) => [name, input[name]] as const),
    ...rows.filter(({ name }) => cleared.includes(name)).map(({ name, form }) => [name, form.word] as const),
  ];
  return {
    values: Object.fromEntries(values) as Partial<Values>,
    reset,
    conflicts: rows.flatMap((row) => findConflict(row, { given: given.includes(row), reset, cleared })),
  };
}

const namesOf = (list: unknown): string[] => (Array.isArray(list) ? list.map(String) : []);

function findConflict(
  { name }: TableRow,
  { given, reset, cleared }: { given: boolean; reset: readonly string[]; cleared: readonly string[] },
): SettingsProblem[] {
  const ways = [
    given ? ['has a value'] : [],
    reset.includes(name) ? ['is in "resetToDefault"'] : [],
    cleared.includes(name) ? ['is in "setToNull"'] : [],
  ].flat();
  if (ways.length < 2) return [];
  const message = `"${name}" ${new Intl.ListFormat('en-US').format(ways)}; only one of them is allowed.`;
  return [{ field: name, message }];
}
