import type { RestTestApp } from './rest-app.js';

/** What these tests read of `GET /openapi.json`. */
export interface Description {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
}

export interface Operation {
  summary: string;
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
  schema: FieldSchema;
  example?: string | number | boolean;
}

export interface BodySchema {
  properties?: Record<string, FieldSchema>;
  required?: string[];
  additionalProperties?: unknown;
}

export interface FieldSchema {
  type?: string;
  enum?: unknown[];
  pattern?: string;
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

export function operationsOf({ paths }: Description): DescribedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
}
