import { resealAccounts } from './accounts/account-secrets.js';
import { getSealedAccount, removeAccount } from './accounts/account-store.js';
import { checkSecrets } from './auth/open-auth.js';
import { createSecretKeys, replaceKeyFile } from './auth/secret-key.js';
import { deleteSigningKeys } from './auth/signing-key-store.js';
import { resealSigningKeys, rotateSigningKey } from './auth/signing-keys.js';
import { migrate } from './database/migrate.js';
import { createDatabase, type Database } from './database/prisma.js';
import { startEmbeddedPostgres } from './embedded-postgres/start-embedded-postgres.js';
import { EnvError, type Env } from './env.js';
import { systemClock } from './lib/clock.js';
import type { Logger } from './lib/logger.js';

interface CommandDeps {
  env: Env;
  db: Database;
}

/** Returns what to print. */
type Command = (deps: CommandDeps, options: readonly string[]) => Promise<string>;

const DISCARD = '--discard';

const COMMANDS: Record<string, { run: Command; options: readonly string[] }> = {
  'rotate-signing-key': { run: runRotateSigningKey, options: [] },
  'rotate-secret-key': { run: runRotateSecretKey, options: [DISCARD] },
};

export class UsageError extends Error {}

/** Of the program's command line, beside starting the server. Throws UsageError. */
export function findCommand([name = '', ...options]: readonly string[]): (
  env: Env,
  log: Logger,
) => Promise<string> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const known = Object.keys(COMMANDS).join(' or ');
    throw new UsageError(`"${name}" is not a command; expected: ${known}, or nothing to start the server.`);
  }
  const unknown = options.find((option) => !command.options.includes(option));
  if (unknown !== undefined) throw new UsageError(`"${name}" has no option "${unknown}".`);
  return (env, log) => withDatabase(env, log, (db) => command.run({ env, db }, options));
}

async function withDatabase(env: Env, log: Logger, use: (db: Database) => Promise<string>): Promise<string> {
  const embedded =
    env.database.kind === 'embedded' ? await startEmbeddedPostgres({ dataDir: env.dataDir, log }) : null;
  try {
    const url = embedded?.url ?? (env.database.kind === 'external' ? env.database.url : '');
    await migrate({ url, log });
    const database = createDatabase({ url, log, poolSize: 2 });
    try {
      return await use(database.db);
    } finally {
      await database.close();
    }
  } finally {
    await embedded?.stop();
  }
}

async function runRotateSigningKey({ env, db }: CommandDeps): Promise<string> {
  const secrets = createSecretKeys(env);
  // The servers could not use a key that is encrypted otherwise than theirs.
  await checkSecrets(db, await secrets.existing());
  const kid = await rotateSigningKey({ env, db, clock: systemClock, secrets });
  return `Tokens are now signed with the key "${kid}", by running servers within a minute. Tokens of the key before stay valid until they end.`;
}

/** The key of DATA_DIR is replaced; SECRET_KEY is changed by hand, before this. */
async function runRotateSecretKey({ env, db }: CommandDeps, options: readonly string[]): Promise<string> {
  const secrets = createSecretKeys(env);
  const before = await reseal(db, await secrets.keys());
  if (before.unreadable.length > 0 && !options.includes(DISCARD)) {
    throw new EnvError([
      `SECRET_KEY: no key decrypts ${before.unreadable.join(', ')}. Set SECRET_KEY_PREVIOUS to the key that encrypted them, or add ${DISCARD} to delete them.`,
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
