import { z } from 'zod';

/** JSON Schema of a value as a client is told to send it. */
export interface WireForm {
  type: 'integer' | 'number' | 'boolean' | 'string' | 'array';
  [keyword: string]: unknown;
}

const FORMS = z.registry<{ form: WireForm }>();

/** Inputs take more spellings than anyone needs to know of: `"true"`, `1`, `TRUE`. This is the one to tell. */
export function shownAs<Schema extends z.ZodType>(schema: Schema, form: WireForm): Schema {
  FORMS.add(schema, { form });
  return schema;
}

export function wireFormOf(schema: z.core.$ZodType): WireForm | null {
  return FORMS.get(schema as z.ZodType)?.form ?? null;
}
