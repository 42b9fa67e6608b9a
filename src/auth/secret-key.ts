import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvError, type Env } from '../env.js';
import { systemCodeOf } from '../lib/errors.js';
import { writeNewFile } from '../lib/plain-file.js';
import { sealingKeyOf, type SealingKey } from '../lib/seal.js';

export interface SecretKeys {
  /** The first seals, all unseal. Made when it is first needed. */
  keys(): Promise<readonly [SealingKey, ...SealingKey[]]>;
}

/** What `secrets` adds to Deps. */
export interface SecretDeps {
  secrets: SecretKeys;
}

const FILE = 'secret.key';
const KEY_BYTES = 32;

export function createSecretKeys(env: Pick<Env, 'secretKey' | 'dataDir'>): SecretKeys {
  return {
    async keys() {
      return [sealingKeyOf(env.secretKey ?? (await readOrMake(env.dataDir)))];
    },
  };
}

export function keyMismatch(what: readonly string[]): EnvError {
  return new EnvError([
    `SECRET_KEY: the database holds secrets that this process cannot decrypt (${what.join(', ')}); set the SECRET_KEY with which they were encrypted, the same for all processes that share the database.`,
  ]);
}

async function readOrMake(dataDir: string): Promise<string> {
  const path = join(dataDir, FILE);
  const found = await readKey(path);
  if (found !== null) return found;
  await mkdir(dataDir, { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await writeNewFile(temporary, `${randomBytes(KEY_BYTES).toString('hex')}\n`, 0o600);
    await link(temporary, path);
  } catch (thrown) {
    // Another process on the same directory was as far.
    if (systemCodeOf(thrown) !== 'EEXIST') throw thrown;
  } finally {
    await rm(temporary, { force: true });
  }
  return (await readKey(path)) ?? '';
}

async function readKey(path: string): Promise<string | null> {
  try {
    const { mode } = await stat(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8);
      throw new EnvError([
        `"${path}" may be read by other users (mode ${shown}); allow only its owner: chmod 600.`,
      ]);
    }
    return (await readFile(path, 'utf8')).trim();
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return null;
    throw thrown;
  }
}
