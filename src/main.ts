import { inspect } from 'node:util';
import { createApp } from './app.js';
import { findCommand, UsageError } from './commands.js';
import { EnvError, parseEnv, secretUrlsOf, type Env } from './env.js';
import { messageOf } from './lib/errors.js';
import { createLogger } from './lib/logger.js';
import { createRedactor } from './lib/secrets.js';

/** Of BSD's sysexits.h. */
const EX_USAGE = 64;
const EX_CONFIG = 78;

function readEnv(): Env {
  try {
    return parseEnv();
  } catch (thrown) {
    if (!(thrown instanceof EnvError)) throw thrown;
    process.stderr.write(`${thrown.message}\n`);
    process.exit(EX_CONFIG);
  }
}

async function main(env: Env): Promise<void> {
  const app = await createApp(env);
  const { log } = app.deps;
  log.info({ role: env.role, url: app.http?.url }, 'Reprise is up');
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // A second signal stops at once: expired leases put running tasks back into the queue.
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    void app.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Instead of starting the server. */
async function runCommand(env: Env, words: readonly string[]): Promise<void> {
  const log = createLogger('fatal', redact);
  process.stdout.write(`${await findCommand(words)(env, log)}\n`);
}

const env = readEnv();
const redact = createRedactor(secretUrlsOf(env));
/** Node itself would print the error with all its properties, of which one may be a URL with its password. */
const crash = (thrown: unknown) => {
  process.stderr.write(`Reprise ends because of an error that nothing handled: ${redact(inspect(thrown))}\n`);
  process.exit(1);
};
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
const words = process.argv.slice(2);
const run = words.length > 0 ? runCommand(env, words) : main(env);
const fail = (message: string, status: number) => {
  process.stderr.write(`${message}\n`);
  process.exit(status);
};
run.catch((thrown: unknown) => {
  if (thrown instanceof UsageError) fail(thrown.message, EX_USAGE);
  if (thrown instanceof EnvError) fail(thrown.message, EX_CONFIG);
  fail(`Reprise could not start: ${redact(messageOf(thrown))}`, 1);
});
