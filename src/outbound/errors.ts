import { errors } from 'undici';
import { messageOf, systemCodeOf } from '../lib/errors.js';

export type OutboundProblem =
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'TOO_LARGE'
  | 'CANCELLED'
  | 'FORBIDDEN_ADDRESS'
  | 'TOO_MANY_REDIRECTS'
  | 'INVALID_RESPONSE';

/** Another server did not answer as it should. The message names its host only: a URL may hold secrets. */
export class OutboundError extends Error {
  constructor(
    readonly problem: OutboundProblem,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'OutboundError';
  }
}

const TIMEOUTS = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const NO_NETWORK = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);
const INVALID = /^(?:HPE_|Z_|ERR_|UND_ERR_RES_|UND_ERR_NOT_SUPPORTED)/;

/** What undici, zlib or the system threw, as one of our problems. */
export function toOutboundError(thrown: unknown, host: string): OutboundError {
  const own = findOwn(thrown);
  if (own) return own;
  const code = systemCodeOf(thrown) ?? '';
  if (TIMEOUTS.has(code)) {
    return new OutboundError('TIMEOUT', `${host} did not answer in time.`, { cause: thrown });
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return new OutboundError('TOO_LARGE', `${host} sent too many headers.`, { cause: thrown });
  }
  // Without its cause, which quotes the response.
  if (thrown instanceof errors.HTTPParserError) {
    return new OutboundError('INVALID_RESPONSE', `${host} does not speak HTTP.`);
  }
  if (INVALID.test(code)) {
    return new OutboundError('INVALID_RESPONSE', `${host} sent a response that cannot be read (${code}).`, {
      cause: thrown,
    });
  }
  const remedy = NO_NETWORK.has(code) ? ' Check the network of this server, or set HTTPS_PROXY.' : '';
  return new OutboundError('UNREACHABLE', `${host} is not reachable: ${reasonOf(thrown)}.${remedy}`, {
    cause: thrown,
  });
}

function findOwn(thrown: unknown): OutboundError | null {
  for (let error = thrown; error instanceof Error; error = error.cause)
    if (error instanceof OutboundError) return error;
  return null;
}

/** When a name has several addresses and all refuse, each has an error of its own. */
function reasonOf(thrown: unknown): string {
  const inner: unknown = thrown instanceof AggregateError ? thrown.errors.at(-1) : thrown;
  return messageOf(inner);
}
