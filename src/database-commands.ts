import { resealAccounts } from './accounts/account-secrets.js';
import { getSealedAccount, removeAccount } from './accounts/account-store.js';
import { checkSecrets } from './sign-in/open-auth.js';
import { createSecretKeys, replaceKeyFile } from './auth/secret-key.js';
import { deleteSigningKeys } from './sign-in/signing-key-store.js';
import { resealSigningKeys, rotateSigningKey } from './sign-in/signing-keys.js';
import { migrate } from './database/migrate.js';
import { openDatabaseServer } from './open-database-server.js';
import { createDatabase, type Database } from './database/prisma.js';
import { EnvError, type Env } from './env.js';
import { systemClock } from './lib/clock.js';
import { createClosers } from './lib/closers.js';
import type { Logger } from './lib/logger.js';
import { resetForgottenPassword } from './users/manage-users.js';

export interface CommandDeps {
  env: Env;
  db: Database;
}

interface OpenOptions {
  log: Logger;
  stop: AbortSignal;
}

/** Opens the database as a start does, migrations included, for as long as the work takes. */
export async function withDatabase(
  env: Env,
  { log, stop }: OpenOptions,
  work: (deps: CommandDeps) => Promise<string>,
): Promise<string> {
  const closers = createClosers(log);
  try {
    const url = await openDatabaseServer(env, { log, closers, stop });
    stop.throwIfAborted();
    await migrate({ url, log });
    const database = createDatabase({ url, log, poolSize: 2 });
    closers.add('database', () => database.close());
    return await work({ env, db: database.db });
  } finally {
    await closers.close();
  }
}

export async function resetPassword(deps: CommandDeps, username: string): Promise<string> {
  const password = await resetForgottenPassword(deps, username);
  return `New password of "${username}": ${password}`;
}

export async function replaceSigningKey({ env, db }: CommandDeps): Promise<string> {
  const secrets = createSecretKeys(env);
  // The servers could not use a key that is encrypted otherwise than theirs.
  await checkSecrets(db, await secrets.existing());
  const kid = await rotateSigningKey({ env, db, clock: systemClock, secrets });
  return `Tokens are now signed with the key "${kid}", by running servers within a minute. Tokens of the key before stay valid until they end.`;
}

/** The key of DATA_DIR is replaced; SECRET_KEY is changed by hand, before this. */
export async function replaceSecretKey(
  { env, db }: CommandDeps,
  options: { discards: boolean },
): Promise<string> {
  const secrets = createSecretKeys(env);
  const before = await reseal(db, await secrets.keys());
  if (before.unreadable.length > 0 && !options.discards) {
    throw new EnvError([
      `SECRET_KEY: no key decrypts ${before.unreadable.join(', ')}. Set SECRET_KEY_PREVIOUS to the key that encrypted them, or add --discard to delete them.`,
    ]);
  }
  await before.discard();
  const discarded = before.unreadable.length > 0 ? ` Deleted: ${before.unreadable.join(', ')}.` : '';
  if (env.secretKey !== null) {
    return `Secrets encrypted again with SECRET_KEY: ${before.resealed}. SECRET_KEY_PREVIOUS is not needed any more.${discarded}`;
  }
  await replaceKeyFile(env.dataDir);
  const { resealed } = await reseal(db, await secrets.keys());
  return `A new key was made in DATA_DIR. Secrets encrypted again with it: ${resealed}.${discarded}`;
}

async function reseal(db: Database, keys: Parameters<typeof resealAccounts>[1]) {
  const signing = await resealSigningKeys(db, keys);
  const accounts = await resealAccounts(db, keys);
  return {
    resealed: signing.resealed + accounts.resealed,
    unreadable: [
      ...signing.unreadable.map((id) => `signing key ${id}`),
      ...accounts.unreadable.map((name) => `account ${name}`),
    ],
    async discard() {
      await deleteSigningKeys(db, signing.unreadable);
      for (const each of accounts.unreadable) {
        const [service = '', name = ''] = each.split('/');
        await removeAccount(db, (await getSealedAccount(db, { service, name })).id);
      }
    },
  };
}
