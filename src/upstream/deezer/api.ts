import type { z } from 'zod';
import type { Page, PageRequest } from '../../catalog/catalog-source.js';
import { UpstreamFailedError } from '../../lib/errors.js';
import { parseJson } from '../../lib/parse-json.js';
import type { Service } from '../../outbound/outbound.js';
import { LimitedResponse, UnexpectedResponse, type ServiceClient } from '../../outbound/service-client.js';
import { errorSchema, listSchema } from './schemas.js';

export const DISPLAY_NAME = 'Deezer';

/** 50 requests in 5 s from one address, with half a second for those that arrive sooner than others. */
export const API_SERVICE: Omit<Service, 'trusted'> = {
  provider: 'deezer',
  displayName: DISPLAY_NAME,
  limits: { timeoutMs: 15_000, headersMs: 10_000, idleMs: 5_000, maxBytes: 8 * 1024 * 1024, redirects: 3 },
  rules: { requests: 50, windowMs: 5_500 },
};

export interface DeezerApi {
  /** Null when Deezer has no such thing. Throws Upstream… errors. */
  find<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T | null>;
  /** A null in place of each row that cannot be read. Of what Deezer does not have, an empty page. */
  list<T>(path: string, schema: z.ZodType<T>, request: ListRequest): Promise<Page<T | null>>;
}

export interface ListRequest extends PageRequest {
  signal: AbortSignal;
  query?: Readonly<Record<string, string>>;
}

/** More at once is refused. */
const MAX_PAGE = 100;

export function createDeezerApi(service: ServiceClient, url: string): DeezerApi {
  const find: DeezerApi['find'] = async (path, schema, signal) => {
    const body = await service.get(`${url}${path}`, {
      headers: { accept: 'application/json', 'accept-language': 'en' },
      signal,
      read: readBody,
    });
    if (body === null) return null;
    const { data, error } = schema.safeParse(body);
    if (error) {
      throw new UpstreamFailedError(`Deezer sent "${path.split('?')[0]}" in a form that cannot be read.`, {
        cause: error,
      });
    }
    return data ?? null;
  };
  return {
    find,
    async list<T>(path: string, schema: z.ZodType<T>, { offset, limit, signal, query }: ListRequest) {
      const items: (T | null)[] = [];
      let total = 0;
      for (let index = offset; index < offset + limit;) {
        const size = Math.min(MAX_PAGE, offset + limit - index);
        const parameters = new URLSearchParams({ ...query, index: String(index), limit: String(size) });
        const page = await find(`${path}?${parameters.toString()}`, listSchema(schema), signal);
        if (!page || page.data.length === 0) {
          total = page?.total ?? total;
          break;
        }
        items.push(...page.data.slice(0, size));
        total = page.total ?? index + page.data.length + (page.next === null ? 0 : 1);
        index = indexOf(page.next) ?? index + size;
        if (index >= total) break;
      }
      return { items, total };
    },
  };
}

/** Deezer leaves out what it may not show, and may send fewer rows than requested: the next page begins where it says. */
function indexOf(next: string | null): number | null {
  const [, digits] = /[?&]index=(\d{1,9})(?:&|$)/.exec(next ?? '') ?? [];
  return digits === undefined ? null : Number(digits);
}

const NO_DATA = 800;
const QUOTA = 4;
const BUSY = 700;

/** Null for what Deezer does not have. */
async function readBody(response: Response): Promise<unknown> {
  const body = parseJson(await response.text());
  if (typeof body !== 'object' || body === null) {
    throw new UnexpectedResponse(`sent something else than JSON (status ${response.status})`);
  }
  const { data } = errorSchema.safeParse(body);
  if (!data) {
    if (!response.ok) throw new UnexpectedResponse(`answered with status ${response.status}`);
    return body;
  }
  const { code, message } = data.error;
  if (code === NO_DATA || message === 'Not Found') return null;
  if (code === QUOTA) throw new LimitedResponse();
  const said = `refused a request: ${JSON.stringify(message.slice(0, 200))} (code ${code})`;
  if (code === BUSY || code === 0) throw new UnexpectedResponse(said);
  throw new UpstreamFailedError(`${DISPLAY_NAME} ${said}.`, { retryable: false });
}
