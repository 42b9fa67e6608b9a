import { z } from 'zod';
import type { Db } from '../database/prisma.js';
import { InvalidInputError } from '../lib/errors.js';
import { keyIdOf, seal, unseal, type SealingKey } from '../lib/seal.js';
import { listSealedAccounts, replaceSealed, type SealedAccount } from './account-store.js';
import { SecretUnreadableError } from './errors.js';
import {
  secretNamesOf,
  SECRETS,
  type SecretInput,
  type SecretName,
  type Secrets,
  type Service,
  type Visibility,
} from './services.js';

/** Without it, or moved to the row of another account, a sealed text does not open. */
export const purposeOf = ({ service, id }: { service: string; id: string }) => `account ${service} ${id}`;

export function sealSecrets(
  account: { service: string; id: string },
  secrets: Secrets,
  key: SealingKey,
): string {
  return seal(JSON.stringify(secrets), purposeOf(account), key);
}

const stored = z.partialRecord(z.enum(secretNamesOf(SECRETS)), z.string());

/** Throws SecretUnreadableError. */
export function unsealSecrets(account: SealedAccount, keys: readonly SealingKey[]): Secrets {
  const { sealed } = account;
  const text = unseal(sealed, purposeOf(account), keys);
  if (text !== null) return stored.parse(JSON.parse(text));
  const isKnown = keys.some(({ id }) => id === keyIdOf(sealed));
  throw new SecretUnreadableError(account, isKnown ? 'CHANGED' : 'OTHER_KEY');
}

const HINT_CHARS = 4;
/** Of a shorter secret the end would be too much of it. */
const MIN_CHARS_FOR_HINT = 16;

export function hintsOf({ secrets: visible }: Service, secrets: Secrets): Record<string, string> {
  const names = secretNamesOf(visible).filter((name) => secrets[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, hintOf(secrets[name] ?? '', visible[name])]));
}

function hintOf(secret: string, visibility: Visibility | undefined): string {
  if (visibility === 'ALL') return secret;
  const showsEnd = visibility === 'END' && secret.length >= MIN_CHARS_FOR_HINT;
  return showsEnd ? `…${secret.slice(-HINT_CHARS)}` : '…';
}

/** Without those that are omitted or empty. Throws InvalidInputError, which never holds a value. */
export function readSecrets(service: Service, input: SecretInput): Secrets {
  const read = secretNamesOf(input).flatMap((name) => {
    const value = input[name]?.trim() ?? '';
    return value === '' ? [] : [[name, readSecret(service, name, value)] as const];
  });
  return Object.fromEntries(read);
}

function readSecret({ title, secrets }: Service, name: SecretName, value: string): string {
  if (secrets[name] === undefined) {
    const taken = secretNamesOf(secrets).join(', ');
    throw new InvalidInputError(`"${name}" is not a secret of ${title}; allowed are ${taken}.`, name);
  }
  const { pattern, rule } = SECRETS[name];
  if (!pattern.test(value)) throw new InvalidInputError(`"${name}" ${rule}`, name);
  return value;
}

/** Throws InvalidInputError. */
export function requireSufficient({ title, sufficient }: Service, secrets: Secrets): void {
  const missing = sufficient.map((names) => names.filter((name) => secrets[name] === undefined));
  if (missing.some((names) => names.length === 0)) return;
  const begun = sufficient.findIndex((names) => names.some((name) => secrets[name] !== undefined));
  const ways = sufficient.map((names) => names.join(' and ')).join(', or ');
  const field = missing[Math.max(begun, 0)]?.[0] ?? null;
  throw new InvalidInputError(`"${field}" is missing; an account at ${title} requires ${ways}.`, field);
}

/** Accounts whose secrets no key opens, as `<service>/<name>`; they stay as they are. */
interface Resealed {
  resealed: number;
  unreadable: string[];
}

/** Seals all secrets with the first key; for the command that changes the key. Idempotent, also beside other writers. */
export async function resealAccounts(
  db: Db,
  keys: readonly [SealingKey, ...SealingKey[]],
): Promise<Resealed> {
  const [key] = keys;
  const result: Resealed = { resealed: 0, unreadable: [] };
  for (const account of await listSealedAccounts(db)) {
    if (keyIdOf(account.sealed) === key.id) continue;
    const text = unseal(account.sealed, purposeOf(account), keys);
    if (text === null) result.unreadable.push(`${account.service}/${account.name}`);
    // Whoever has changed it meanwhile has sealed it again, or the next run finds it.
    else if (await replaceSealed(db, account, seal(text, purposeOf(account), key))) result.resealed += 1;
  }
  return result;
}
