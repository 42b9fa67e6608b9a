import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';
import { z } from 'zod';
import { inTransaction, type Database, type Db } from '../database/prisma.js';
import { delay } from '../lib/async.js';
import { parseJson } from '../lib/parse-json.js';
import { keyIdOf, seal, unseal, type SealingKey } from '../lib/seal.js';
import type { Platform } from '../platform.js';
import { keyMismatch, type SecretDeps } from '../auth/secret-key.js';
import {
  lockSigningKeys,
  readSigningKeys,
  replaceSigningKey,
  updateSealed,
  type PublicJwk,
  type StoredKey,
} from './signing-key-store.js';

export const SIGNING_ALGORITHM = 'EdDSA';

/** A session with refresh tokens ends this long after the last of them was used. */
export const REFRESH_DAYS = 30;
const HOUR_MS = 3_600_000;

export interface SigningKeys {
  signer(): Promise<{ kid: string; key: CryptoKey }>;
  /** Null if no such key exists, or no token of it is valid any more. */
  find(kid: string): Promise<CryptoKey | null>;
  /** JWK set, for other programs that check our tokens. */
  published(): Promise<readonly JWK[]>;
}

type KeyDeps = Pick<Platform, 'db' | 'clock' | 'env'> & SecretDeps;

interface KeyRing {
  kid: string;
  signer: CryptoKey;
  verifiers: Map<string, CryptoKey>;
  published: JWK[];
  readAtMs: number;
}

/** How soon all processes sign with a new key. */
const RELOAD_MS = 60_000;
/** A token may name a key that another process has just made. Those that never existed make no more queries than this. */
const UNKNOWN_EVERY_MS = 1_000;

export function createSigningKeys(deps: KeyDeps): SigningKeys {
  let reading: Promise<KeyRing> | undefined;
  let ring: KeyRing | undefined;
  const read = () => {
    reading ??= readRing(deps)
      .then((fresh) => (ring = fresh))
      .finally(() => (reading = undefined));
    return reading;
  };
  const ageMs = () => (ring ? performance.now() - ring.readAtMs : Infinity);
  const ringOf = (maxAgeMs: number) => (ring && ageMs() < maxAgeMs ? Promise.resolve(ring) : read());
  let next: Promise<KeyRing> | undefined;
  const nextRing = () => {
    next ??= delay(Math.max(0, UNKNOWN_EVERY_MS - ageMs()))
      .then(read)
      .finally(() => (next = undefined));
    return next;
  };
  return {
    async signer() {
      const { kid, signer } = await ringOf(RELOAD_MS);
      return { kid, key: signer };
    },
    async find(kid) {
      const known = (await ringOf(RELOAD_MS)).verifiers.get(kid);
      return known ?? (await nextRing()).verifiers.get(kid) ?? null;
    },
    published: async () => (await ringOf(RELOAD_MS)).published,
  };
}

async function readRing(deps: KeyDeps): Promise<KeyRing> {
  const found = await readSigningKeys(deps.db, oldestUseful(deps));
  const keys = found[0]?.retiredAt === null ? found : await makeFirst(deps);
  const [newest] = keys;
  if (!newest) throw new Error('no signing key was made');
  const verifiers = await Promise.all(
    keys.map(async ({ id, publicKey }) => [id, await importKey(publicKey)] as const),
  );
  return {
    kid: newest.id,
    signer: await importKey(await openPrivate(deps, newest)),
    verifiers: new Map(verifiers),
    published: keys.map(toPublished),
    readAtMs: performance.now(),
  };
}

/** All processes that start on an empty database get the same key: the first makes it, the others wait. */
function makeFirst(deps: KeyDeps): Promise<StoredKey[]> {
  return inTransaction(deps.db, async (tx) => {
    await lockSigningKeys(tx);
    const since = oldestUseful(deps);
    const found = await readSigningKeys(tx, since);
    if (found[0]?.retiredAt === null) return found;
    await putNew(deps, tx);
    return readSigningKeys(tx, since);
  });
}

/** Tokens of the old key stay valid until they end. Returns the new key's `kid`. */
export function rotateSigningKey(deps: KeyDeps): Promise<string> {
  return inTransaction(deps.db, async (tx) => {
    await lockSigningKeys(tx);
    return putNew(deps, tx);
  });
}

async function putNew(deps: KeyDeps, tx: Db): Promise<string> {
  const pair = await generateKeyPair(SIGNING_ALGORITHM, { crv: 'Ed25519', extractable: true });
  const { d, x } = privateJwk.parse(await exportJWK(pair.privateKey));
  const id = randomUUID();
  const publicKey: PublicJwk = { kty: 'OKP', crv: 'Ed25519', x };
  const [sealingKey] = await deps.secrets.keys();
  const sealed = seal(JSON.stringify({ ...publicKey, d }), purposeOf(id), sealingKey);
  await replaceSigningKey(
    tx,
    { id, publicKey, sealed },
    { now: deps.clock.now(), since: oldestUseful(deps) },
  );
  return id;
}

/** Seals the keys with the first of these. Returns the ids of those that none of them opens. */
export function resealSigningKeys(
  db: Database,
  keys: readonly [SealingKey, ...SealingKey[]],
): Promise<{ resealed: number; unreadable: string[] }> {
  return inTransaction(db, async (tx) => {
    await lockSigningKeys(tx);
    const result = { resealed: 0, unreadable: [] as string[] };
    for (const { id, sealed } of await readSigningKeys(tx, new Date(0))) {
      if (keyIdOf(sealed) === keys[0].id) continue;
      const text = unseal(sealed, purposeOf(id), keys);
      if (text === null) result.unreadable.push(id);
      else await updateSealed(tx, id, seal(text, purposeOf(id), keys[0]));
      if (text !== null) result.resealed += 1;
    }
    return result;
  });
}

const privateJwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  d: z.string(),
});

const purposeOf = (id: string): string => `signing-key:${id}`;

async function openPrivate({ secrets }: KeyDeps, { id, sealed }: StoredKey): Promise<JWK> {
  const text = unseal(sealed, purposeOf(id), await secrets.keys());
  if (text === null) throw keyMismatch(['the key that signs tokens']);
  return privateJwk.parse(parseJson(text));
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, SIGNING_ALGORITHM);
  if (key instanceof Uint8Array) throw new Error('not an asymmetric key');
  return key;
}

function toPublished({ id, publicKey }: StoredKey): JWK {
  return { ...publicKey, kid: id, alg: SIGNING_ALGORITHM, use: 'sig' };
}

/** Keys that retired before this have no valid token; an hour more for processes that signed with them longer. */
export function oldestUseful({ clock, env }: Pick<KeyDeps, 'clock' | 'env'>): Date {
  const longestHours = Math.max(REFRESH_DAYS * 24, env.tokenHours);
  return new Date(clock.now().getTime() - (longestHours + 1) * HOUR_MS);
}
