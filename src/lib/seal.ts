import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** A key for secrets at rest. */
export interface SealingKey {
  /** Stands before everything that the key has sealed. */
  id: string;
  bytes: Buffer;
}

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** From a secret of any length that is hard to guess. */
export function sealingKeyOf(secret: string): SealingKey {
  const bytes = createHash('sha256').update(`reprise sealing key\n${secret}`).digest();
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes };
}

/** AES-256-GCM: `<key id>.<nonce, ciphertext and tag in base64url>`. What it is for is authenticated with it. */
export function seal(text: string, purpose: string, key: SealingKey): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.bytes, nonce).setAAD(Buffer.from(purpose));
  const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return `${key.id}.${Buffer.concat(sealed).toString('base64url')}`;
}

export const keyIdOf = (sealed: string): string => sealed.slice(0, sealed.indexOf('.'));

/** Null if none of the keys sealed it, or not for this purpose. */
export function unseal(sealed: string, purpose: string, keys: readonly SealingKey[]): string | null {
  const key = keys.find(({ id }) => id === keyIdOf(sealed));
  const bytes = Buffer.from(sealed.slice(sealed.indexOf('.') + 1), 'base64url');
  if (!key || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv(ALGORITHM, key.bytes, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(purpose))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return (
      decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    );
  } catch {
    return null;
  }
}
