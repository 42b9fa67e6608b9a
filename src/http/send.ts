import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { answerWith, type Asset } from '../lib/asset.js';

const JSON_TYPE = 'application/json; charset=utf-8';

interface Head {
  status?: number;
  headers?: OutgoingHttpHeaders;
}

export function sendJson(outgoing: ServerResponse, body: object, { status = 200, headers }: Head = {}): void {
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  outgoing.writeHead(status, { 'content-type': JSON_TYPE, 'content-length': length, ...headers }).end(text);
}

/** Old clients show `detail`, new ones `error`. */
export function toFailureBody(message: string, facts?: object): object {
  return { error: message, detail: message, ...facts };
}

export function sendEmpty(outgoing: ServerResponse, { status = 204, headers }: Head = {}): void {
  // These two have no body by definition.
  const length = status === 204 || status === 304 ? {} : { 'content-length': 0 };
  outgoing.writeHead(status, { ...length, ...headers }).end();
}

/** 304 when the browser has it already. */
export function sendAsset(outgoing: ServerResponse, asset: Asset, extra: Record<string, string> = {}): void {
  const requestHeaders = outgoing.req.headers;
  const get = (name: string) => requestHeaders[name]?.toString() ?? null;
  const { status, headers, body } = answerWith(asset, { get }, extra);
  if (body === null) return sendEmpty(outgoing, { status, headers });
  outgoing.writeHead(status, { ...headers, 'content-length': body.byteLength }).end(body);
}
