import { builder, enumTypeOf, type EnumTypeRef } from '../graphql/builder.js';
import type { VersionOf } from './settings-store.js';
import {
  describeNulls,
  describeRow,
  describeWithDefault,
  nullNote,
  takesNull,
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

export function tableType(name: string, { description, rows }: TypeOptions) {
  return builder.objectRef<VersionOf<Record<string, unknown>>>(name).implement({
    description,
    fields: (t) => {
      const fields = rows.map((row) => {
        const { form } = row;
        const field = t.field({
          type: typeOf(form),
          nullable: takesNull(row),
          description: describeWithDefault(row) + nullNote(row),
          resolve: ({ values }) => (values[row.name] === form.word ? null : values[row.name]),
        });
        return [row.name, field] as const;
      });
      const version = t.exposeInt('version', {
        description: 'Increases with every change; 0 before the first.',
      });
      return { version, ...Object.fromEntries(fields) };
    },
  });
}

/** Null is a value for each row of `nullable`; by default, for those whose entry says so. */
export function tableInput(
  name: string,
  { description, rows, nullable = rows.filter(takesNull) }: TypeOptions & { nullable?: readonly TableRow[] },
) {
  return builder.inputType(name, {
    description: `${description} ${describeNulls(nullable)}`,
    fields: (t) =>
      Object.fromEntries(
        rows.map((row) => {
          const description = describeRow(row) + nullNote(row);
          return [row.name, t.field({ type: typeOf(row.form), description })];
        }),
      ),
  });
}

/** Null is a value only where the row says so, or where it stands for a word. */
export function providedValues<Values extends object>(
  rows: readonly TableRow[],
  input: Record<string, unknown>,
): Partial<Values> {
  const entries = rows.flatMap(({ name, form }) => {
    const value = input[name] === null ? form.word : input[name];
    const omitted = value === undefined || (value === null && !form.nullable);
    return omitted ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries) as Partial<Values>;
}
