import { z } from 'zod';

/** What a schema of an API says about an enum. */
interface EnumTexts {
  name: string;
  description: string;
  /** A description of each value. */
  values: Readonly<Record<string, string>>;
}

// Not zod's own registry: there a name would turn the enum into a component of the OpenAPI document.
const texts = z.registry<EnumTexts>();

/** An enum that the tables of settings and options can hold, with all that GraphQL says about it. */
export function namedEnum<const Values extends Record<string, string>>(
  name: string,
  description: string,
  values: Values,
) {
  const names = Object.keys(values) as (keyof Values & string)[];
  return z.enum(names).register(texts, { name, description, values });
}

export function textsOf(choices: z.ZodEnum): EnumTexts {
  const found = texts.get(choices);
  if (found) return found;
  throw new TypeError(`An enum of ${choices.options.join(', ')} has no name; define it with namedEnum.`);
}
