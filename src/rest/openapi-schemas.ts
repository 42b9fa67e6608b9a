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
  readonly named: Readonly<Record<string, JsonSchema>>;
}

export function createSchemaBook(): SchemaBook {
  const named: Record<string, JsonSchema> = {};
  const convert = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
    const { $defs = {}, ...own } = moveReferences(toJsonSchema(schema, io));
    // The document states its JSON Schema dialect once.
    delete own['$schema'];
    for (const [name, definition] of Object.entries($defs as Record<string, JsonSchema>)) {
      if (!isDeepStrictEqual(named[name] ?? definition, definition)) {
        throw new Error(`Two schemas of REST are called ${name}.`);
      }
      named[name] = definition;
    }
    return own;
  };
  return {
    toInput: (schema) => convert(schema, 'input'),
    toAnswer: (schema) => convert(schema, 'output'),
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
    },
  });
}

const LOCAL = '#/$defs/';

function moveReferences<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(moveReferences) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]: [string, unknown]) => {
    const moves = key === '$ref' && typeof inner === 'string' && inner.startsWith(LOCAL);
    return [key, moves ? `#/components/schemas/${inner.slice(LOCAL.length)}` : moveReferences(inner)];
  });
  return Object.fromEntries(entries) as Value;
}

/** What toFailureBody makes. */
export const failureSchema = z
  .object({
    error: z.string(),
    detail: z.string(),
    details: z
      .union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown())])
      .optional()
      .meta({ description: 'More about it: text, or facts such as `field`.' }),
    existing_task: z.string().optional().meta({ description: 'The existing task for the same download.' }),
    task_id: z.string().optional(),
    auth_enabled: z.boolean().optional(),
    retry_after: z
      .number()
      .optional()
      .meta({ description: 'Seconds after which the same may work, as in the header Retry-After.' }),
    traceback: z.string().optional().meta({ description: 'Only with NODE_ENV=development.' }),
  })
  .meta({ id: 'Failure' });
