import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { SubsonicServer } from '../../env-subsonic.js';
import { UpstreamFailedError } from '../../lib/errors.js';
import { parseJson } from '../../lib/parse-json.js';
import type { OpenedResponse } from '../../outbound/http-client.js';
import type { Outbound, Service } from '../../outbound/outbound.js';
import { UnexpectedResponse, type ServiceClient } from '../../outbound/service-client.js';
import { isJpegOrPng } from '../answers.js';
import { refusalOf, SubsonicRefusal } from './errors.js';
import { envelopeSchema, extensionsSchema } from './schemas.js';

/** The owner's own server: no more than a browser would, and quick to notice that it is down. */
const API: Pick<Service, 'limits' | 'rules'> = {
  limits: { timeoutMs: 30_000, headersMs: 20_000, idleMs: 10_000, maxBytes: 32 * 1024 * 1024 },
  rules: { requests: 50, windowMs: 1_000 },
};
const FILES: Pick<Service, 'limits' | 'rules'> = {
  limits: { timeoutMs: 30_000, headersMs: 20_000, idleMs: 60_000, maxBytes: 10 * 1024 * 1024, redirects: 3 },
  rules: { requests: 50, windowMs: 1_000 },
};

/** The last version of the Subsonic API; OpenSubsonic extends it without another number. */
const PROTOCOL = '1.16.1';
const CLIENT = 'Reprise';

export type Parameters = Readonly<Record<string, string | number>>;

export interface SubsonicApi {
  /** Null for what the server does not have. Throws Upstream… errors. */
  find<T>(method: string, request: ApiRequest & { schema: z.ZodType<T> }): Promise<T | null>;
  /** Bytes, from an offset where the server honors it. Throws Upstream… errors. */
  openFile(method: string, request: ApiRequest & { offsetBytes: number }): Promise<OpenedFile>;
  /** Null where there is no such picture. */
  fetchPicture(method: string, request: ApiRequest): Promise<Uint8Array | null>;
}

interface ApiRequest {
  parameters?: Parameters;
  signal: AbortSignal;
}

export interface OpenedFile {
  body: Readable;
  /** Bytes to leave out at the start: the server sent all of them. */
  skipBytes: number;
}

type Login = SubsonicServer['login'];

export function createSubsonicApi(outbound: Outbound, server: SubsonicServer): SubsonicApi {
  const displayName = displayNameOf(server);
  const own = { provider: server.name, displayName, account: server.url, trusted: [server.url] };
  const api = outbound.openService({ ...own, ...API });
  const files = outbound.openService({ ...own, ...FILES });
  const context = { server, displayName };
  const withLogin = createSender(api, context);
  return {
    find: (method, request) =>
      withLogin(method, request, async ({ url, ...sent }) => {
        const read = async (response: Response) =>
          readBody(await response.text(), { ...context, status: response.status });
        const body = await api.get(url, { ...sent, read });
        if (body === null) return null;
        const { data, error } = request.schema.safeParse(body);
        if (data !== undefined) return data;
        const message = `${displayName} sent "${method}" in a form that cannot be read.`;
        throw new UpstreamFailedError(message, { cause: error });
      }),
    openFile: (method, { offsetBytes, ...request }) =>
      withLogin(method, request, ({ url, ...sent }) =>
        files.open(url, {
          ...sent,
          headers: offsetBytes > 0 ? { range: `bytes=${offsetBytes}-` } : {},
          begin: (response) => beginFile(response, { ...context, offsetBytes }),
        }),
      ),
    fetchPicture: (method, request) =>
      withLogin(method, request, ({ url, ...sent }) =>
        files.get(url, { ...sent, read: (response) => readPicture(response, context) }),
      ),
  };
}

interface SignedRequest {
  url: string;
  form?: URLSearchParams;
  signal: AbortSignal;
}

/** Asks the server first what it offers, then signs in in the best way that it takes. */
function createSender(api: ServiceClient, { server }: ReadContext) {
  const extensions = createExtensions((signal) =>
    api.get(`${server.url}/rest/getOpenSubsonicExtensions.view?f=json`, {
      signal,
      read: async (response) => readExtensions(await response.text()),
    }),
  );
  const logins = createLogins(server.login);
  return async <T>(
    method: string,
    { parameters = {}, signal }: ApiRequest,
    send: (request: SignedRequest) => Promise<T>,
  ): Promise<T> => {
    const offered = await extensions(signal);
    if (server.login.kind === 'apiKey' && !offered.includes('apiKeyAuthentication'))
      throw new UpstreamFailedError(noApiKeys(server), { retryable: false });
    return logins.use((login) => {
      const form = query({ ...parameters, ...login, v: PROTOCOL, c: CLIENT, f: 'json' });
      const url = `${server.url}/rest/${method}.view`;
      // Out of the logs of servers and proxies, which write down addresses.
      if (offered.includes('formPost')) return send({ url, form, signal });
      return send({ url: `${url}?${form.toString()}`, signal });
    });
  };
}

export const displayNameOf = ({ name, url }: SubsonicServer): string => `${name} (${new URL(url).host})`;

function query(parameters: Parameters): URLSearchParams {
  return new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
}

const noApiKeys = (server: SubsonicServer): string =>
  `${displayNameOf(server)} takes no API keys: set SUBSONIC_USERNAME${server.suffix} and SUBSONIC_PASSWORD${server.suffix} in place of SUBSONIC_API_KEY${server.suffix}.`;

/** A new server may offer more. */
const EXTENSIONS_MS = 3_600_000;

/** Of this process; a failure is not kept. */
function createExtensions(load: (signal: AbortSignal) => Promise<string[]>) {
  let known: { names: string[]; untilMs: number } | undefined;
  return async (signal: AbortSignal): Promise<string[]> => {
    if (known && performance.now() < known.untilMs) return known.names;
    const names = await load(signal);
    known = { names, untilMs: performance.now() + EXTENSIONS_MS };
    return names;
  };
}

/** Servers without extensions answer with an error or a page: they have none. */
function readExtensions(text: string): string[] {
  const { data } = extensionsSchema.safeParse(envelopeSchema.safeParse(parseJson(text)).data);
  return data?.openSubsonicExtensions.map(({ name }) => name) ?? [];
}

/** Codes with which servers answer a token that keep only a digest of passwords. */
const NO_TOKENS = [10, 41];

/** With a token, unless the server has refused one: then with the password, as the protocol encodes it. */
function createLogins(login: Login) {
  let takesTokens = true;
  return {
    async use<T>(send: (login: Parameters) => Promise<T>): Promise<T> {
      if (login.kind === 'apiKey') return send({ apiKey: login.apiKey });
      const { username: u, password } = login;
      const encoded = { u, p: `enc:${Buffer.from(password).toString('hex')}` };
      if (!takesTokens) return send(encoded);
      try {
        return await send({ u, ...tokenOf(password) });
      } catch (thrown) {
        if (!(thrown instanceof SubsonicRefusal) || !NO_TOKENS.includes(thrown.refusalCode)) throw thrown;
        const result = await send(encoded);
        takesTokens = false;
        return result;
      }
    },
  };
}

function tokenOf(password: string): { t: string; s: string } {
  const s = randomBytes(12).toString('hex');
  return { t: createHash('md5').update(`${password}${s}`).digest('hex'), s };
}

interface ReadContext {
  server: SubsonicServer;
  displayName: string;
}

/** Null for what the server does not have. */
function readBody(text: string, context: ReadContext & { status: number }): unknown {
  const refusal = refusalOf(text, context);
  if (refusal?.refusalCode === NOT_FOUND) return null;
  if (refusal) throw refusal;
  const { data } = envelopeSchema.safeParse(parseJson(text));
  if (!data || context.status >= 400) {
    throw new UnexpectedResponse(
      `sent something else than a Subsonic response (status ${context.status}); check SUBSONIC_URL${context.server.suffix}`,
    );
  }
  return data;
}

const NOT_FOUND = 70;
const TEXT_TYPES = /^(?:application\/(?:json|xml|problem\+json)|text\/)/i;
const MAX_DOCUMENT_CHARS = 65_536;

/** An error document comes with status 200, and would otherwise be stored as music. */
async function beginFile(
  { status, headers, body }: OpenedResponse,
  context: ReadContext & { offsetBytes: number },
): Promise<OpenedFile> {
  const { offsetBytes, displayName } = context;
  const type = headers.get('content-type') ?? '';
  if (TEXT_TYPES.test(type) || status >= 400) {
    throw refusalOf(await readStart(body), context) ?? notAudio({ displayName, type, status });
  }
  if (offsetBytes === 0 || status === 200) return { body, skipBytes: offsetBytes };
  const start = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1];
  if (Number(start) === offsetBytes) return { body, skipBytes: 0 };
  throw new UnexpectedResponse('sent another part of the file than was requested');
}

const notAudio = ({ displayName, type, status }: { displayName: string; type: string; status: number }) =>
  new UpstreamFailedError(`${displayName} sent no audio (status ${status}, ${type || 'without a type'}).`);

async function readStart(body: Readable): Promise<string> {
  let start = '';
  for await (const chunk of body as AsyncIterable<Buffer>) {
    start += chunk.toString();
    if (start.length > MAX_DOCUMENT_CHARS) break;
  }
  return start;
}

/** Others, and servers that send a picture of their own for what they lack, are no cover. */
async function readPicture(response: Response, context: ReadContext): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (isJpegOrPng(bytes)) return bytes;
  const refusal = refusalOf(Buffer.from(bytes.subarray(0, MAX_DOCUMENT_CHARS)).toString(), context);
  if (refusal && refusal.refusalCode !== NOT_FOUND && !refusal.retryable) throw refusal;
  return null;
}
