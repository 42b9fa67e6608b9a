import { inspect } from 'node:util';
import { createApp } from './app.js';
import { runCommand, UsageError } from './commands.js';
import { tooManyConnections } from './database/connect.js';
import { EnvError, parseEnv, secretUrlsOf, type Env } from './env.js';
import { messageOf } from './lib/errors.js';
import { createLogger } from './lib/logger.js';
import { createRedactor, type Redact } from './lib/secrets.js';

/** Of BSD's sysexits.h. */
const EX_USAGE = 64;
const EX_CONFIG = 78;

/** The server, or the command that the arguments name. Once `stop` aborts, all that was started is ended. */
export function start(stop: AbortSignal): void {
  if (stop.aborted) process.exit(0);
  const env = readEnv();
  const redact = createRedactor(secretUrlsOf(env));
  /** Node itself would print the error with all its properties, of which one may be a URL with its password. */
  const crash = (thrown: unknown) => {
    process.stderr.write(
      `Reprise ends because of an error that nothing handled: ${redact(inspect(thrown))}\n`,
    );
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const words = process.argv.slice(2);
  const work = words.length > 0 ? printCommand(env, { redact, words, stop }) : serve(env, stop);
  work.catch((thrown: unknown) => {
    // What was cut off in its start has closed all that it had opened.
    if (stop.aborted) process.exit(0);
    fail(thrown, { redact, prefix: words.length > 0 ? '' : 'Reprise could not start: ' });
  });
}

function readEnv(): Env {
  try {
    return parseEnv();
  } catch (thrown) {
    if (!(thrown instanceof EnvError)) throw thrown;
    process.stderr.write(`${thrown.message}\n`);
    process.exit(EX_CONFIG);
  }
}

async function serve(env: Env, stop: AbortSignal): Promise<void> {
  const app = await createApp(env, { stop });
  const { log } = app.deps;
  log.info({ role: env.role, url: app.http?.url }, 'Reprise is up');
  const end = async () => {
    log.info({ signal: stop.reason as unknown }, 'stopping');
    await app.stop();
    process.exit(0);
  };
  if (stop.aborted) await end();
  stop.addEventListener('abort', () => void end(), { once: true });
}

async function printCommand(
  env: Env,
  { redact, words, stop }: { redact: Redact; words: string[]; stop: AbortSignal },
): Promise<void> {
  // Standard output is for what the command prints, which a program may read.
  const log = createLogger('warn', redact, process.stderr);
  const output = await runCommand(env, { log, words, stop });
  process.stdout.write(`${output}\n`);
}

function fail(thrown: unknown, { redact, prefix }: { redact: Redact; prefix: string }): never {
  const known = thrown instanceof EnvError ? thrown : tooManyConnections(thrown);
  process.stderr.write(`${known ? '' : prefix}${redact(messageOf(known ?? thrown))}\n`);
  process.exit(known ? EX_CONFIG : thrown instanceof UsageError ? EX_USAGE : 1);
}
