import { migrate } from './database/migrate.js';
import { createDatabase, type Database } from './database/prisma.js';
import { startEmbeddedPostgres } from './embedded-postgres/start-embedded-postgres.js';
import type { Env } from './env.js';
import { createClosers } from './lib/closers.js';
import { createLogger } from './lib/logger.js';
import type { Redact } from './lib/secrets.js';
import { resetForgottenPassword } from './users/manage-users.js';

interface Command {
  /** As usage shows them; all are required. */
  parameters: readonly string[];
  about: string;
  /** Returns what is printed. */
  run(db: Database, args: readonly string[]): Promise<string>;
}

/** `node dist/main.js <name>`; without a name, the server starts. */
const COMMANDS: Readonly<Record<string, Command>> = {
  'reset-password': {
    parameters: ['<username>'],
    about: 'gives a user a new random password, prints it, and signs the user out everywhere',
    async run(db, [username = '']) {
      const password = await resetForgottenPassword({ db }, username);
      return `New password of "${username}": ${password}`;
    },
  },
};

export class UsageError extends Error {}

/** Throws UsageError for an unknown command, before anything is opened. */
export async function runCommand(
  env: Env,
  [name = '', ...args]: readonly string[],
  redact: Redact,
): Promise<string> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command?.parameters.length !== args.length) throw new UsageError(usage());
  // What a command prints may be read by a program.
  const log = createLogger(env.logLevel, redact, process.stderr);
  const closers = createClosers(log);
  try {
    const url = await openServer(env, { log, closers });
    await migrate({ url, log });
    const database = createDatabase({ url, log, poolSize: 1 });
    closers.add('database', () => database.close());
    return await command.run(database.db, args);
  } finally {
    await closers.close();
  }
}

async function openServer(
  { database, dataDir }: Env,
  { log, closers }: { log: ReturnType<typeof createLogger>; closers: ReturnType<typeof createClosers> },
): Promise<string> {
  if (database.kind === 'external') return database.url;
  const embedded = await startEmbeddedPostgres({ dataDir, log });
  closers.add('embedded database', () => embedded.stop());
  return embedded.url;
}

function usage(): string {
  const lines = Object.entries(COMMANDS).map(
    ([name, { parameters, about }]) => `  ${[name, ...parameters].join(' ')}: ${about}`,
  );
  return ['Without a command, the server starts. Commands:', ...lines].join('\n');
}
