import type { RawRequest } from '../kit/raw-request.js';
import { exampleOf, JSON_TYPE, toRequest, type Parts } from './documented-request.js';
import {
  HOSTILE_BODIES,
  hostilePathTexts,
  hostileQueryTexts,
  hostileValues,
  isId,
  unfitValues,
} from './hostile-values.js';
import type { DescribedOperation, FieldSchema } from './openapi-description.js';

/** A request that no route may take, and what it is answered with. */
export interface HostileRequest extends RawRequest {
  statuses: number[];
  /** What a 400 names. */
  field?: string;
}

const UNKNOWN_METHODS = ['PATCH', 'TRACE', 'PROPFIND', 'OPTIONS'];
const MEBIBYTE = 1024 * 1024;

/** Everything of it as documented, but for one thing. */
export function hostileRequestsFor(described: DescribedOperation): HostileRequest[] {
  const requests = [...badParts(described), ...badQuery(described), ...badMethods(described)];
  return described.method === 'get'
    ? requests
    : [...requests, ...badBodies(described), ...badFields(described)];
}

function badParts(described: DescribedOperation): HostileRequest[] {
  const names = (described.operation.parameters ?? []).filter((each) => each.in === 'path');
  return names.flatMap(({ name, schema }) =>
    hostilePathTexts(schema).map((text) => {
      const example = exampleOf(described);
      const request = toRequest(described, { ...example, path: { ...example.path, [name]: text } });
      // What a URL makes of dots leads to another path, which may be there for another method.
      return { ...request, statuses: [400, 404, 405] };
    }),
  );
}

function badQuery(described: DescribedOperation): HostileRequest[] {
  const parameters = (described.operation.parameters ?? []).filter((each) => each.in === 'query');
  const example = exampleOf(described);
  const withQuery = (query: Record<string, string>) => toRequest(described, { ...example, query });
  return parameters.flatMap(({ name, schema, required }) => {
    const others = without(example.query, name);
    const missing = required ? [{ ...withQuery(others), statuses: [400], field: name }] : [];
    const bad = hostileQueryTexts(name, { ...schema, required }).map((text) => ({
      ...withQuery({ ...example.query, [name]: text }),
      statuses: isId(name) ? [400, 404] : [400],
      field: name,
    }));
    return [...missing, ...bad];
  });
}

function badMethods(described: DescribedOperation): HostileRequest[] {
  const request = toRequest(described, exampleOf(described));
  return UNKNOWN_METHODS.map((method) => ({ method, path: request.path, statuses: [405] }));
}

function badBodies(described: DescribedOperation): HostileRequest[] {
  const { path, method, body = '' } = toRequest(described, exampleOf(described));
  const send = (text: string, status: number, headers: Record<string, string> = JSON_TYPE) => {
    return { method, path, headers, body: text, statuses: [status] };
  };
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'];
  return [
    ...HOSTILE_BODIES.map((text) => send(text, 400)),
    ...[...types, 'application/json-seq', 'nonsense'].map((type) =>
      send(body, 415, { 'content-type': type }),
    ),
    send(body, 415, {}),
    send(`{"x":"${'x'.repeat(MEBIBYTE)}"}`, 413),
    { ...send('{"x":1,"x":1}', 400), field: 'x' },
    { ...send(`${'{"x":'.repeat(5_000)}1${'}'.repeat(5_000)}`, 400), field: 'x' },
  ];
}

function badFields(described: DescribedOperation): HostileRequest[] {
  const schema = described.operation.requestBody?.content['application/json']?.schema ?? {};
  const example = exampleOf(described);
  const send = (body: object, field: string) => ({
    ...toRequest(described, { ...example, body: body as Parts['body'] }),
    statuses: isId(field) ? [400, 404] : [400],
    field,
  });
  const fields = Object.entries(schema.properties ?? {});
  const unknown =
    schema.additionalProperties === false ? [send({ ...example.body, sudo: true }, 'sudo')] : [];
  const missing = (schema.required ?? []).map((name) => send(without(example.body, name), name));
  const bad = fields.flatMap(([name, form]: [string, FieldSchema]) =>
    hostileValues(name, form).map((value) => send({ ...example.body, [name]: value }, name)),
  );
  // A body that is open says nothing of the form of its values: what it leaves open is its own tests' to try.
  const isOpen = schema.additionalProperties !== undefined && schema.additionalProperties !== false;
  const unfit = (isOpen ? Object.keys(example.body) : []).flatMap((name) =>
    unfitValues().map((value) => send({ ...example.body, [name]: value }, name)),
  );
  return [...unknown, ...missing, ...bad, ...unfit];
}

function without<Value>(from: Record<string, Value>, name: string): Record<string, Value> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => key !== name));
}
