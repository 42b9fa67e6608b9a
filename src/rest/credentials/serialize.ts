import type { RestAccountErrorFragment, RestAccountFragment } from '../../generated/documents/graphql.js';
import { RestFailure, toFailure } from '../errors.js';
import { SECRET_KEYS } from './schemas.js';

type Failure = Pick<RestAccountErrorFragment & object, 'code' | 'message'> & { field?: string | null };
type Result = { account: RestAccountFragment } | Failure;

const KEYS = new Map([...SECRET_KEYS].map(([key, name]) => [String(name), key]));
const keyOf = (name: string): string => KEYS.get(name) ?? name;

/** The values of a body, by the names of GraphQL. */
export function toSecrets(input: object): Record<string, string> {
  const values = Object.entries(input).flatMap(([key, value]: [string, unknown]) => {
    const name = SECRET_KEYS.get(key);
    return name !== undefined && typeof value === 'string' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(values);
}

export function serializeAccount({ hints, ...account }: RestAccountFragment): object {
  return {
    name: account.name,
    service: account.service,
    region: account.region,
    has_secret: account.hasSecret,
    is_active: account.isActive,
    used_for_audio: account.usedForAudio,
    note: account.note,
    created_at: account.createdAt,
    updated_at: account.updatedAt,
    ...Object.fromEntries(hints.map(({ secret, hint }) => [keyOf(secret), hint])),
  };
}

/** Throws RestFailure for an error of the result union. */
export function serializeChange(result: Result, status: 'created' | 'updated' | 'deleted'): object {
  const { service, name, usedForAudio, note } = accountOf(result);
  const message = `Credentials "${name}" for ${service} were ${status}.`;
  return {
    message: status === 'deleted' || usedForAudio ? message : `${message} ${note}`,
    details: { status, service, name, used_for_audio: usedForAudio },
  };
}

export function serializeSpotifyApp(app: RestAccountFragment | null): object {
  const hints = new Map(app?.hints.map(({ secret, hint }) => [secret, hint]));
  return {
    client_id: hints.get('clientId') ?? '',
    client_secret: '',
    has_secret: hints.has('clientSecret'),
  };
}

export function accountOf(result: Result): RestAccountFragment {
  if ('account' in result) return result.account;
  const { code, field } = result;
  const message = result.message.replace(/\b[a-z]+[A-Z]\w*/g, keyOf);
  if (code !== 'INVALID_INPUT' || typeof field !== 'string') throw toFailure({ code, message });
  throw new RestFailure(400, message, { details: { field: keyOf(field) } });
}
