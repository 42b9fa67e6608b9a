import { randomUUID } from 'node:crypto';
import { requireAdmin } from '../auth/access-rules.js';
import { recordAudit, type Actor, type AuditAction } from '../auth/audit-store.js';
import type { SecretDeps } from '../auth/secret-key.js';
import { inTransaction, type Db } from '../database/prisma.js';
import { InvalidInputError, quoteId } from '../lib/errors.js';
import type { SealingKey } from '../lib/seal.js';
import type { Platform } from '../platform.js';
import type { SettingsDeps } from '../settings/live-settings.js';
import { downloadSection, lockSettings, readSettings, writeSettings } from '../settings/settings-store.js';
import { ACCOUNT_NAME } from '../settings/settings.js';
import { hintsOf, readSecrets, requireSufficient, sealSecrets, unsealSecrets } from './account-secrets.js';
import {
  changeAccount,
  countAccounts,
  findSealedAccount,
  getSealedAccount,
  insertAccount,
  removeAccount,
  type Account,
  type AccountKey,
  type SealedAccount,
} from './account-store.js';
import { isMarket } from './markets.js';
import {
  getService,
  serviceOf,
  SPOTIFY_APP,
  SPOTIFY_APP_NAME,
  type SecretInput,
  type Secrets,
  type Service,
} from './services.js';

type Deps = Pick<Platform & SecretDeps & SettingsDeps, 'db' | 'env' | 'log' | 'secrets' | 'reloadSettings'>;

export interface NewAccount {
  service: string;
  name: string;
  region: string | null;
  secrets: SecretInput;
}

export interface AccountChange {
  /** Empty for none, null to keep it. */
  region: string | null;
  /** What is omitted, empty, or equal to its hint is kept. */
  secrets: SecretInput;
}

/** The first of its service becomes the active one. Throws AccountNameTakenError; the existing one is unharmed. */
export async function createAccount(deps: Deps, actor: Actor, input: NewAccount): Promise<Account> {
  requireAdmin(actor.viewer);
  const service = getService(input.service);
  const secrets = readSecrets(service, input.secrets);
  requireSufficient(service, secrets);
  const account = { name: readName(input.name), region: readRegion(service, input.region), secrets };
  return change({ deps, actor, action: 'ACCOUNT_CREATED' }, async (tx, [key]) => {
    const isFirst = (await countAccounts(tx, service.name)) === 0;
    const created = await insertAccount(tx, seal({ service, key }, { id: randomUUID(), ...account }));
    if (isFirst) await setActive(tx, { deps, actor, service }, created.name);
    return created;
  });
}

/** Throws SecretUnreadableError if it would keep a secret that cannot be decrypted. */
export async function updateAccount(
  deps: Deps,
  actor: Actor,
  { key: accountKey, ...input }: AccountChange & { key: AccountKey },
): Promise<Account> {
  requireAdmin(actor.viewer);
  return change({ deps, actor, action: 'ACCOUNT_UPDATED' }, async (tx, keys) => {
    const before = await getSealedAccount(tx, accountKey);
    return changeAccount(tx, changed(before, input, keys));
  });
}

/** If it is the active one, there is none afterwards. */
export async function deleteAccount(deps: Deps, actor: Actor, key: AccountKey): Promise<Account> {
  requireAdmin(actor.viewer);
  return change({ deps, actor, action: 'ACCOUNT_DELETED' }, async (tx) => {
    const account = await getSealedAccount(tx, key);
    const service = serviceOf(account);
    await removeAccount(tx, account.id);
    if (await isActive(tx, deps, account)) await setActive(tx, { deps, actor, service }, null);
    return account;
  });
}

export async function setActiveAccount(deps: Deps, actor: Actor, key: AccountKey): Promise<Account> {
  requireAdmin(actor.viewer);
  return change({ deps, actor, action: 'SETTINGS_CHANGED' }, async (tx) => {
    const account = await getSealedAccount(tx, key);
    const service = serviceOf(account);
    if (!service.activeSetting) {
      throw new InvalidInputError(`No account of ${service.title} is the active one: all are used.`, 'id');
    }
    await setActive(tx, { deps, actor, service }, account.name);
    return account;
  });
}

/** Of the app by which the server itself asks Spotify. Creates or changes it. */
export async function setSpotifyApp(deps: Deps, actor: Actor, secrets: SecretInput): Promise<Account> {
  requireAdmin(actor.viewer);
  const service = SPOTIFY_APP;
  const place = { service: service.name, name: SPOTIFY_APP_NAME };
  return change({ deps, actor, action: 'ACCOUNT_UPDATED' }, async (tx, keys) => {
    const before = await findSealedAccount(tx, place);
    if (before) return changeAccount(tx, changed(before, { region: null, secrets }, keys));
    const read = readSecrets(service, secrets);
    requireSufficient(service, read);
    const app = { id: randomUUID(), name: place.name, region: null, secrets: read };
    return insertAccount(tx, seal({ service, key: keys[0] }, app));
  });
}

type Keys = readonly [SealingKey, ...SealingKey[]];

/** One at a time, since the settings belong to it; with its audit entry, or not at all. */
async function change(
  { deps, actor, action }: { deps: Deps; actor: Actor; action: AuditAction },
  work: (tx: Db, keys: Keys) => Promise<Account>,
): Promise<Account> {
  const keys = await deps.secrets.keys();
  const account = await inTransaction(deps.db, async (tx) => {
    await lockSettings(tx);
    const result = await work(tx, keys);
    await recordAudit(tx, actor, { action, target: `${result.service}/${result.name}` });
    return result;
  });
  await deps.reloadSettings();
  const { service, name } = account;
  deps.log.info({ action, account: `${service}/${name}`, by: actor.viewer.username }, 'account changed');
  return account;
}

function seal(
  { service, key }: { service: Service; key: SealingKey },
  { secrets, ...account }: Pick<Account, 'id' | 'name' | 'region'> & { secrets: Secrets },
): Omit<SealedAccount, 'createdAt' | 'updatedAt'> {
  const placed = { ...account, service: service.name };
  return { ...placed, sealed: sealSecrets(placed, secrets, key), hints: hintsOf(service, secrets) };
}

function changed(before: SealedAccount, { region, secrets }: AccountChange, keys: Keys) {
  const service = serviceOf(before);
  const { id, name, hints } = before;
  const isNew = ([field, value]: [string, unknown]) => value !== hints[field];
  const given = readSecrets(service, Object.fromEntries(Object.entries(secrets).filter(isNew)));
  const keepsSome = Object.keys(hints).some((field) => !Object.hasOwn(given, field));
  const merged = { ...(keepsSome && unsealSecrets(before, keys)), ...given };
  requireSufficient(service, merged);
  const place = region === null ? before.region : readRegion(service, region);
  return seal({ service, key: keys[0] }, { id, name, region: place, secrets: merged });
}

function readName(name: string): string {
  if (ACCOUNT_NAME.test(name)) return name;
  const rule = 'it must be 1 to 64 letters, digits, ".", "_" or "-", and not only dots.';
  throw new InvalidInputError(`"name" is ${quoteId(name)}; ${rule}`, 'name');
}

function readRegion({ title, hasRegion }: Service, given: string | null): string | null {
  const region = given?.trim().toUpperCase() ?? '';
  if (region === '') return null;
  if (!hasRegion) throw new InvalidInputError(`An account at ${title} has no region.`, 'region');
  if (isMarket(region)) return region;
  const rule = 'it must be a country of ISO 3166-1 in two letters, such as DE.';
  throw new InvalidInputError(`"region" is ${quoteId(given ?? '')}; ${rule}`, 'region');
}

async function isActive(tx: Db, { env }: Pick<Deps, 'env'>, account: Account): Promise<boolean> {
  const { activeSetting } = serviceOf(account);
  const { values } = await readSettings(tx, downloadSection(env));
  return activeSetting !== null && values[activeSetting] === account.name;
}

interface Activation {
  deps: Pick<Deps, 'env'>;
  actor: Actor;
  service: Service;
}

async function setActive(
  tx: Db,
  { deps, actor, service: { activeSetting } }: Activation,
  name: string | null,
): Promise<void> {
  const section = downloadSection(deps.env);
  const { values } = await readSettings(tx, section);
  if (activeSetting === null || values[activeSetting] === name) return;
  const changedById = actor.viewer.id;
  await writeSettings(tx, section, { values: { ...values, [activeSetting]: name }, changedById });
}
