import type { JsonSchema } from './openapi-schemas.js';
import type { AnyRoute, Method } from './route.js';

type Properties = Record<string, JsonSchema>;
type Input = Pick<AnyRoute, 'path' | 'docs'> & { method: Method; schema: JsonSchema };

/** What an operation takes: parts of its path, then its query for GET, or else its body. */
export function toOperationInput({ path, docs, method, schema }: Input): JsonSchema {
  const { properties, required, rest } = taken(schema);
  const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
  const others = Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name)));
  const example = docs?.example ?? {};
  const inQuery = method === 'GET' ? Object.keys(others) : [];
  const parameters = [...inPath, ...inQuery].map((name) => {
    const isPart = inPath.includes(name);
    const { description, ...form } = properties[name] ?? { type: 'string' };
    return {
      name,
      in: isPart ? 'path' : 'query',
      ...(typeof description === 'string' && { description }),
      required: isPart || required.includes(name),
      schema: form,
      ...(name in example && { example: example[name] }),
    };
  });
  const needed = required.filter((name) => name in others);
  const takesMore = rest['additionalProperties'] !== undefined && rest['additionalProperties'] !== false;
  const hasBody = method !== 'GET' && (Object.keys(others).length > 0 || takesMore);
  return {
    ...(parameters.length > 0 && { parameters }),
    ...(hasBody && {
      requestBody: {
        required: needed.length > 0,
        content: {
          'application/json': {
            schema: { ...rest, properties: others, ...(needed.length > 0 && { required: needed }) },
            example: Object.fromEntries(Object.entries(example).filter(([name]) => !inPath.includes(name))),
          },
        },
      },
    }),
  };
}

/** What nothing fits (`not: {}`) is there to be refused, and not to be told of. */
function taken(schema: JsonSchema): { properties: Properties; required: string[]; rest: JsonSchema } {
  const { properties, required, ...rest } = schema as { properties?: Properties; required?: string[] };
  const fitting = Object.entries(properties ?? {}).filter(([, { not }]) => !not);
  return { properties: Object.fromEntries(fitting), required: required ?? [], rest };
}
