import { randomBytes } from 'node:crypto';
import { copyFile, link, readFile, rename, rm, stat } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { EnvError, type Env } from '../env.js';
import { systemCodeOf } from '../lib/errors.js';
import { makeDirectories, writeNewFile } from '../lib/plain-file.js';
import { sealingKeyOf, type SealingKey } from '../lib/seal.js';

export interface SecretKeys {
  /** The first seals, all unseal. Made when it is first needed. Read each time: a command may replace it. */
  keys(): Promise<readonly [SealingKey, ...SealingKey[]]>;
  /** Makes none. */
  existing(): Promise<readonly SealingKey[]>;
}

/** What `secrets` adds to Deps. */
export interface SecretDeps {
  secrets: SecretKeys;
}

type SecretEnv = Pick<Env, 'secretKey' | 'previousSecretKey' | 'dataDir'>;

const KEY_BYTES = 32;
const SHORTEST = 32;

export function createSecretKeys({ secretKey, previousSecretKey, dataDir }: SecretEnv): SecretKeys {
  const { current, previous } = filesIn(dataDir);
  const existing = async () => {
    const kept = [await readKey(current), await readKey(previous)];
    const secrets = [secretKey, previousSecretKey, ...kept].filter((secret) => secret !== null);
    return [...new Set(secrets)].map(sealingKeyOf);
  };
  return {
    existing,
    async keys() {
      if (secretKey === null && (await readKey(current)) === null) await makeKey(dataDir);
      const own = sealingKeyOf(secretKey ?? (await readKey(current)) ?? '');
      return [own, ...(await existing()).filter(({ id }) => id !== own.id)];
    },
  };
}

const filesIn = (dataDir: string) => ({
  current: join(dataDir, 'secret.key'),
  previous: join(dataDir, 'secret.previous.key'),
});

export function keyMismatch(what: readonly string[]): EnvError {
  return new EnvError([
    `SECRET_KEY: the database holds secrets that this process cannot decrypt (${what.join(', ')}). All processes that share a database need the same SECRET_KEY, or the same file "secret.key" in DATA_DIR; a key that was replaced goes into SECRET_KEY_PREVIOUS. If it is lost, "rotate-secret-key --discard" deletes these secrets.`,
  ]);
}

/** Whole or not at all, and the same for all who make it at once: who links the file first decides. */
async function makeKey(dataDir: string): Promise<void> {
  await withNewKey(dataDir, async (made) => {
    try {
      await linkOrCopy(made, filesIn(dataDir).current);
    } catch (thrown) {
      if (systemCodeOf(thrown) !== 'EEXIST') throw thrown;
    }
  });
}

/** The one before stays, for what other processes have just sealed with it. */
export async function replaceKeyFile(dataDir: string): Promise<void> {
  const { current, previous } = filesIn(dataDir);
  await withNewKey(dataDir, async (made) => {
    if ((await readKey(current)) !== null) {
      await rm(previous, { force: true });
      await linkOrCopy(current, previous);
    }
    await rename(made, current);
  });
}

async function withNewKey(dataDir: string, use: (made: string) => Promise<void>): Promise<void> {
  await makeDirectories(dataDir);
  const made = join(dataDir, `secret.${randomBytes(6).toString('hex')}.new`);
  try {
    await writeNewFile(made, `${randomBytes(KEY_BYTES).toString('hex')}\n`, 0o600);
    await use(made);
  } finally {
    await rm(made, { force: true });
  }
}

/** Some network shares have no links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (thrown) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(systemCodeOf(thrown) ?? '')) throw thrown;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

async function readKey(path: string): Promise<string | null> {
  const found = await stat(path).catch(absent);
  const text = found && (await readFile(path, 'utf8').catch(absent));
  if (!found || text === null) return null;
  // Windows has no such modes.
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw new EnvError([
      `SECRET_KEY: "${path}" may be read by other users (mode ${mode}); run "chmod 600" on it, or set SECRET_KEY.`,
    ]);
  }
  if (text.trim().length >= SHORTEST) return text.trim();
  throw new EnvError([`SECRET_KEY: "${path}" is incomplete; restore it from a backup, or set SECRET_KEY.`]);
}

function absent(thrown: unknown): null {
  if (systemCodeOf(thrown) === 'ENOENT') return null;
  throw thrown;
}
