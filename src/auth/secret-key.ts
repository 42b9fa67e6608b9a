import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env } from '../env.js';
import { systemCodeOf } from '../lib/errors.js';
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
  let opened: Promise<readonly [SealingKey]> | undefined;
  const open = async () => [sealingKeyOf(env.secretKey ?? (await readOrMake(env.dataDir)))] as const;
  return {
    keys() {
      opened ??= open().catch((thrown: unknown) => {
        opened = undefined;
        throw thrown;
      });
      return opened;
    },
  };
}

async function readOrMake(dataDir: string): Promise<string> {
  const path = join(dataDir, FILE);
  await mkdir(dataDir, { recursive: true });
  try {
    // Another process on the same directory may be as far: who creates the file decides.
    await writeFile(path, `${randomBytes(KEY_BYTES).toString('hex')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
  } catch (thrown) {
    if (systemCodeOf(thrown) !== 'EEXIST') throw thrown;
  }
  return (await readFile(path, 'utf8')).trim();
}
