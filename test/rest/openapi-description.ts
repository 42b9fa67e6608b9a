import type { RestTestApp } from './rest-app.js';

/** What these tests read of `GET /openapi.json`. */
export interface Description {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, FieldSchema> };
}

export interface Operation {
  summary: string;
  description?: string;
  deprecated?: boolean;
  tags: string[];
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: BodySchema; example: Record<string, unknown> }> };
  responses: Record<string, { $ref?: string }>;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  required: boolean;
  description?: string;
  deprecated?: boolean;
  schema: FieldSchema;
  example?: string | number | boolean;
}

export interface BodySchema extends FieldSchema {
  required?: string[];
  additionalProperties?: unknown;
}

export interface FieldSchema {
  $ref?: string;
  description?: string;
  type?: string;
  const?: unknown;
  properties?: Record<string, FieldSchema>;
  enum?: unknown[];
  pattern?: string;
  anyOf?: FieldSchema[];
  minimum?: number;
  maximum?: number;
}

export interface DescribedOperation {
  path: string;
  /** In lower case, as the description has it. */
  method: string;
  operation: Operation;
}

export async function readDescription(app: RestTestApp): Promise<Description> {
  return (await app.get('/openapi.json')).body as unknown as Description;
}

/** With the components of parameters and bodies in place of the references to them. */
export function operationsOf({ paths, components }: Description): DescribedOperation[] {
  const resolve = <Schema extends FieldSchema>({ $ref, ...own }: Schema) => {
    const named = components.schemas[$ref?.split('/').at(-1) ?? ''];
    return { ...named, ...own };
  };
  const resolveBody = (schema: BodySchema): BodySchema => {
    const { properties = {}, ...body } = resolve(schema);
    const fields = Object.entries(properties).map(([name, field]) => [name, resolve(field)] as const);
    return { ...body, properties: Object.fromEntries(fields) };
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const { parameters, requestBody } = operation;
      const json = requestBody?.content['application/json'];
      return {
        path,
        method,
        operation: {
          ...operation,
          ...(parameters && {
            parameters: parameters.map((each) => ({ ...each, schema: resolve(each.schema) })),
          }),
          ...(json && {
            requestBody: { content: { 'application/json': { ...json, schema: resolveBody(json.schema) } } },
          }),
        },
      };
    }),
  );
}
