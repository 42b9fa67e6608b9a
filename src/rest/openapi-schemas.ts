import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { documentedFormOf } from './input.js';

export type JsonSchema = Record<string, unknown>;

/** Schemas in OpenAPI's form. Those with an id (`.meta({ id })`) become named components. */
export interface SchemaBook {
  /** What a client sends. */
  toInput(schema: z.ZodType): JsonSchema;
  /** What it gets. */
  toAnswer(schema: z.ZodType): JsonSchema;
  /** Makes a component of a schema; the result refers to it. */
  name(name: string, schema: JsonSchema): JsonSchema;
  readonly named: Readonly<Record<string, JsonSchema>>;
}

export function createSchemaBook(): SchemaBook {
  const named: Record<string, JsonSchema> = {};
  const name = (key: string, schema: JsonSchema): JsonSchema => {
    if (!isDeepStrictEqual(named[key] ?? schema, schema)) {
      throw new Error(`Two schemas of REST are called ${key}.`);
    }
    named[key] = schema;
    return { $ref: `${COMPONENTS}${key}` };
  };
  const convert = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
    const { $defs = {}, ...own } = moveReferences(toJsonSchema(schema, io));
    // The document states its JSON Schema dialect once.
    delete own['$schema'];
    for (const [key, definition] of Object.entries($defs as Record<string, JsonSchema>))
      name(key, definition);
    return own;
  };
  return {
    toInput: (schema) => convert(schema, 'input'),
    toAnswer: (schema) => convert(schema, 'output'),
    name,
    named,
  };
}

/** Called for every zod schema, the inner ones first. */
function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return z.toJSONSchema(schema, {
    io,
    override({ zodSchema, jsonSchema }) {
      const form = io === 'input' ? documentedFormOf(zodSchema) : null;
      if (form) {
        for (const keyword of Object.keys(jsonSchema)) delete jsonSchema[keyword];
        Object.assign(jsonSchema, form);
      }
      // zod omits a default where input and output types differ.
      const { def } = zodSchema._zod;
      if (io === 'input' && def.type === 'default') jsonSchema.default = def.defaultValue;
      // What zod adds to every integer says nothing of this one.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      const { oneOf } = jsonSchema;
      if (zodSchema instanceof z.ZodDiscriminatedUnion && oneOf) {
        jsonSchema.discriminator = discriminatorOf(zodSchema);
      }
    },
  });
}

/** The names that zod has for the members, by the value that tells them apart. */
function discriminatorOf({ def, options }: z.ZodDiscriminatedUnion): JsonSchema {
  const mapping = options.flatMap((option) => {
    const { id } = z.globalRegistry.get(option) ?? {};
    const values = option._zod.propValues?.[def.discriminator] ?? [];
    return [...values].map((value) => [String(value), `${COMPONENTS}${id}`]);
  });
  return { propertyName: def.discriminator, mapping: Object.fromEntries(mapping) as JsonSchema };
}

const COMPONENTS = '#/components/schemas/';
const LOCAL = '#/$defs/';

function moveReferences<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(moveReferences) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]) => {
    const moves = key === '$ref' && typeof inner === 'string' && inner.startsWith(LOCAL);
    return [key, moves ? `${COMPONENTS}${inner.slice(LOCAL.length)}` : moveReferences(inner)];
  });
  return Object.fromEntries(entries) as Value;
}
