import { z } from 'zod';
import { requireAdmin } from '../auth/access-rules.js';
import type { Viewer } from '../auth/viewer.js';
import type { SecretDeps } from '../auth/secret-key.js';
import { namedEnum } from '../lib/named-enum.js';
import { parseJson } from '../lib/parse-json.js';
import { OutboundError } from '../outbound/errors.js';
import type { HttpClient, RequestLimits } from '../outbound/http-client.js';
import type { Platform } from '../platform.js';
import { unsealSecrets } from './account-secrets.js';
import { getSealedAccount, type Account, type AccountKey } from './account-store.js';
import { serviceOf, SPOTIFY_APP, type Secrets } from './services.js';

export const accountCheckStatus = namedEnum('AccountCheckStatus', 'Result of a check of an account.', {
  VALID: 'The service accepts the secrets.',
  REFUSED: 'The service does not accept the secrets; enter them again.',
  UNREACHABLE: 'The service did not answer, or not as it should, so nothing is known. Try again later.',
  NOT_CHECKED: 'There is nothing to check: the server does not use these secrets.',
});

export interface AccountCheck {
  status: z.infer<typeof accountCheckStatus>;
  /** Nothing that the service has sent, and nothing that is secret. */
  message: string;
  account: Account;
}

type Deps = Pick<Platform & SecretDeps, 'db' | 'env' | 'log' | 'timing' | 'outbound' | 'secrets'>;
type Outcome = Omit<AccountCheck, 'account'>;
type Check = (deps: Deps, secrets: Secrets, signal: AbortSignal) => Promise<Outcome | null>;

/** By service. Null, like a service that is not here: there is nothing to check. */
const CHECKS: Readonly<Record<string, Check>> = { spotify: checkSpotify, [SPOTIFY_APP.name]: checkSpotify };

/** Throws SecretUnreadableError. */
export async function checkAccount(
  deps: Deps,
  viewer: Viewer,
  { key, signal }: { key: AccountKey; signal: AbortSignal },
): Promise<AccountCheck> {
  requireAdmin(viewer);
  const account = await getSealedAccount(deps.db, key);
  const secrets = unsealSecrets(account, await deps.secrets.keys());
  const { note } = serviceOf(account);
  const outcome = await CHECKS[account.service]?.(deps, secrets, signal);
  const { status, message } = outcome ?? { status: 'NOT_CHECKED', message: note };
  const { service, name } = account;
  deps.log.info({ account: `${service}/${name}`, status, by: viewer.username }, 'account checked');
  return { status, message, account };
}

const MAX_ANSWER_BYTES = 64 * 1024;
const tokenSchema = z.object({ access_token: z.string().min(1) });
const refusalSchema = z.object({ error: z.enum(['invalid_client', 'unauthorized_client']) });

async function checkSpotify(
  { env, log, timing, outbound }: Pick<Deps, 'env' | 'log' | 'timing' | 'outbound'>,
  { clientId, clientSecret }: Secrets,
  signal: AbortSignal,
): Promise<Outcome | null> {
  if (clientId === undefined || clientSecret === undefined) return null;
  try {
    const limits = { timeoutMs: timing.accountCheckMs, maxBytes: MAX_ANSWER_BYTES, signal };
    const url = env.spotifyAccountsUrl;
    const http = outbound.clientFor(url);
    return toOutcome(await requestToken({ http, url, clientId, clientSecret }, limits));
  } catch (thrown) {
    if (!(thrown instanceof OutboundError)) throw thrown;
    if (thrown.problem === 'CANCELLED') signal.throwIfAborted();
    log.warn({ err: thrown }, 'spotify account could not be checked');
    return { status: 'UNREACHABLE', message: thrown.message };
  }
}

/** RFC 6749, 4.4: a token that is discarded; what counts is whether there is one. */
async function requestToken(
  {
    http,
    url,
    clientId,
    clientSecret,
  }: { http: HttpClient; url: string } & Record<'clientId' | 'clientSecret', string>,
  limits: RequestLimits,
): Promise<{ status: number; body: unknown }> {
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':');
  const response = await http.request(
    `${url}/api/token`,
    {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: 'grant_type=client_credentials',
    },
    limits,
  );
  return { status: response.status, body: parseJson(await response.text()) };
}

function toOutcome({ status, body }: { status: number; body: unknown }): Outcome {
  if (status === 200 && tokenSchema.safeParse(body).success) {
    return { status: 'VALID', message: 'Spotify accepts the client id and secret.' };
  }
  if ([400, 401].includes(status) && refusalSchema.safeParse(body).success) {
    return { status: 'REFUSED', message: 'Spotify does not accept the client id or the client secret.' };
  }
  const message = `Spotify answered with status ${status}, which says nothing about the secrets; try again later.`;
  return { status: 'UNREACHABLE', message };
}
