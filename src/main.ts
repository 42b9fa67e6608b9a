import { inspect } from 'node:util';
import { createApp } from './app.js';
import { runCommand, UsageError } from './commands.js';
import { tooManyConnections } from './database/connect.js';
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

const env = readEnv();
const redact = createRedactor(secretUrlsOf(env));
/** Node itself would print the error with all its properties, of which one may be a URL with its password. */
const crash = (thrown: unknown) => {
  process.stderr.write(`Reprise ends because of an error that nothing handled: ${redact(inspect(thrown))}\n`);
  process.exit(1);
};
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
const fail = (message: string, status: number) => {
  process.stderr.write(`${message}\n`);
  process.exit(status);
};
const words = process.argv.slice(2);
if (words.length > 0) {
  // Standard output is for what the command prints, which a program may read.
  runCommand(env, createLogger('warn', redact, process.stderr), words).then(
    (output) => process.stdout.write(`${output}\n`),
    (thrown: unknown) => {
      const status = thrown instanceof UsageError ? EX_USAGE : thrown instanceof EnvError ? EX_CONFIG : 1;
      fail(redact(messageOf(thrown)), status);
    },
  );
} else {
  main(env).catch((thrown: unknown) => {
    const known = thrown instanceof EnvError ? thrown : tooManyConnections(thrown);
    if (known) fail(redact(known.message), EX_CONFIG);
    fail(`Reprise could not start: ${redact(messageOf(thrown))}`, 1);
  });
}
