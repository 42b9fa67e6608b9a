import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { inTransaction } from '../database/prisma.js';
import type { ApiScope } from '../generated/prisma/enums.js';
import { InvalidInputError, quoteId } from '../lib/errors.js';
import { isOneLine } from '../lib/formats.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { Platform } from '../platform.js';
import { maySee, mayUse, requireSession } from '../auth/access-rules.js';
import {
  deleteKey,
  findKeyByHash,
  findKeyWithOwner,
  insertKey,
  listKeyNames,
  lockKeysOf,
  recordKeyUse,
  type ApiKey,
  type KeyInUse,
} from './api-key-store.js';
import { recordAudit, type Actor } from '../auth/audit-store.js';
import {
  ApiKeyNotFoundError,
  ForbiddenError,
  ApiKeyNameTakenError,
  UnauthenticatedError,
} from '../auth/errors.js';
import { viewerOfKey, type Access } from '../auth/viewer.js';

export const API_KEY_PREFIX = 'reprise_';
export const MAX_API_KEYS = 100;
export const MAX_NAME_CHARS = 100;
export const MAX_DAYS = 3_650;

const SECRET_BYTES = 32;
/** 32 bytes, and the CRC-32 of their text: what is mistyped or cut off costs no query. */
const KEY = new RegExp(`^${API_KEY_PREFIX}([\\w-]{43})([\\w-]{6})$`);
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const HINT_CHARS = 4;

export interface NewApiKey {
  name: string;
  scopes: readonly ApiScope[];
  expiresAt?: Date | null | undefined;
  days?: number | null | undefined;
}

/** Of a user who has signed in; every GraphQL context is one. */
type KeyOwner = Actor & { access: Pick<Access, 'credential'> };

/** `key` is shown to its owner now and cannot be found out again. Throws DomainError. */
export async function createApiKey(
  { db, clock, env }: Pick<Platform, 'db' | 'clock' | 'env'>,
  owner: KeyOwner,
  input: NewApiKey,
): Promise<{ apiKey: ApiKey; key: string }> {
  requireSession(env, owner);
  const { viewer } = owner;
  const name = checkName(input.name);
  const scopes = checkScopes(owner, input.scopes);
  const expiresAt = expiryOf(input, clock.now());
  const key = makeKey();
  const apiKey = await inTransaction(db, async (tx) => {
    if (!(await lockKeysOf(tx, viewer.id))) throw new UnauthenticatedError();
    checkRoom(name, await listKeyNames(tx, viewer.id));
    await recordAudit(tx, owner, { action: 'API_KEY_CREATED', target: name });
    const hint = key.slice(-HINT_CHARS);
    return insertKey(tx, { userId: viewer.id, name, scopes, expiresAt, hint, hash: hashOf(key) });
  });
  return { apiKey, key };
}

function checkName(typed: string): string {
  const name = typed.trim();
  const length = [...name].length;
  if (length >= 1 && length <= MAX_NAME_CHARS && isOneLine(name)) return name;
  throw new InvalidInputError(
    `${quoteId(typed)} is not a name; expected: 1 to ${MAX_NAME_CHARS} characters in one line.`,
    'name',
  );
}

function checkScopes({ viewer }: Actor, scopes: readonly ApiScope[]): ApiScope[] {
  const distinct = [...new Set(scopes)];
  if (distinct.length === 0) {
    throw new InvalidInputError('"scopes" is empty; a key needs at least one, such as READ.', 'scopes');
  }
  if (distinct.every((scope) => mayUse(viewer, scope))) return distinct;
  throw new ForbiddenError('Only an admin may create an API key with the scope ADMIN.');
}

function expiryOf({ expiresAt, days }: NewApiKey, now: Date): Date | null {
  const hasDays = days !== null && days !== undefined;
  if (hasDays && expiresAt) {
    throw new InvalidInputError('"days" cannot be combined with "expiresAt"; pass one of them.', 'days');
  }
  if (hasDays && (days < 1 || days > MAX_DAYS)) {
    throw new InvalidInputError(`"days" is ${days}; it must be between 1 and ${MAX_DAYS}.`, 'days');
  }
  if (hasDays) return new Date(now.getTime() + days * DAY_MS);
  if (expiresAt && expiresAt <= now) {
    throw new InvalidInputError(
      `"expiresAt" is ${expiresAt.toISOString()}; it must be in the future.`,
      'expiresAt',
    );
  }
  return expiresAt ?? null;
}

function checkRoom(name: string, existing: readonly string[]): void {
  if (existing.includes(name)) throw new ApiKeyNameTakenError(name);
  if (existing.length < MAX_API_KEYS) return;
  throw new InvalidInputError(`You have ${existing.length} API keys; revoke one that is not used any more.`);
}

function makeKey(): string {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return `${API_KEY_PREFIX}${secret}${checksumOf(secret)}`;
}

function checksumOf(secret: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(secret));
  return bytes.toString('base64url');
}

function hashOf(key: string): ApiKey['hash'] {
  return Uint8Array.from(createHash('sha256').update(key).digest());
}

/** An own key, or any as an admin. Open connections of the key end on all processes. Throws DomainError. */
export async function revokeApiKey(
  { db, env }: Pick<Platform, 'db' | 'env'>,
  actor: KeyOwner,
  id: string,
): Promise<ApiKey> {
  requireSession(env, actor);
  const { viewer } = actor;
  return inTransaction(db, async (tx) => {
    const found = await findKeyWithOwner(tx, id);
    const isVisible = found && maySee(viewer, { ownerId: found.userId });
    if (!isVisible || !(await deleteKey(tx, id))) throw new ApiKeyNotFoundError(id);
    const { user, ...apiKey } = found;
    const target = user.id === viewer.id ? apiKey.name : `${apiKey.name} of ${user.username}`;
    await recordAudit(tx, actor, { action: 'API_KEY_REVOKED', target });
    return apiKey;
  });
}

type KeyReading = Pick<Platform, 'db' | 'clock' | 'log'>;

/** Null for a key that is unknown, revoked or expired. */
export async function findKeyAccess(deps: KeyReading, key: string): Promise<Access | null> {
  const [, secret, checksum] = KEY.exec(key) ?? [];
  if (secret === undefined || checksumOf(secret) !== checksum) return null;
  const found = await findKeyByHash(deps.db, hashOf(key));
  const access = found && accessOf(found, deps.clock.now());
  if (access) noteUse(deps, found);
  return access;
}

function accessOf({ id, user, scopes, expiresAt }: KeyInUse, now: Date): Access | null {
  if (expiresAt && expiresAt <= now) return null;
  return { viewer: viewerOfKey(user, scopes), credential: { kind: 'apiKey', id }, expiresAt, problem: null };
}

/** A burst of requests at the turn of a minute makes one update. */
const noting = new WeakMap<Platform['db'], Set<string>>();

/** Not awaited: no request waits for it, and none fails with it. */
function noteUse({ db, clock, log }: KeyReading, { id, lastUsedAt }: KeyInUse): void {
  const minute = new Date(Math.floor(clock.now().getTime() / MINUTE_MS) * MINUTE_MS);
  const running = getOrAdd(noting, db, () => new Set<string>());
  if ((lastUsedAt && lastUsedAt >= minute) || running.has(id)) return;
  running.add(id);
  recordKeyUse(db, id, minute)
    .catch((err: unknown) => log.warn({ err, apiKeyId: id }, 'could not record the use of an API key'))
    .finally(() => running.delete(id));
}
