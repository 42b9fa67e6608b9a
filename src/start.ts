import { inspect } from 'node:util';
import { findCommand, usage, UsageError, type Call } from './commands.js';
import { tooManyConnections } from './database/connect.js';
import { EnvError, parseEnv, secretUrlsOf } from './env.js';
import { messageOf } from './lib/errors.js';
import { VERSION } from './lib/runtime.js';
import { createRedactor, type Redact } from './lib/secrets.js';

/** Of BSD's sysexits.h. */
const EX_USAGE = 64;
const EX_CONFIG = 78;

/** Runs the command that the words name, by default the server. Once `stop` aborts, all that was started is ended. */
export async function start(words: readonly string[], stop: AbortSignal): Promise<void> {
  if (stop.aborted) process.exit(0);
  const information = informationFor(words);
  if (information !== null) return void process.stdout.write(`${information}\n`);
  let redact: Redact = createRedactor();
  /** Node itself would print the error with all its properties, of which one may be a URL with its password. */
  const crash = (thrown: unknown) => {
    process.stderr.write(
      `Reprise ends because of an error that nothing handled: ${redact(inspect(thrown))}\n`,
    );
    process.exit(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const readEnv: Call['readEnv'] = (fixed) => {
    const env = parseEnv(undefined, fixed);
    redact = createRedactor(secretUrlsOf(env));
    return env;
  };
  try {
    const { command, args } = findCommand(words);
    process.exitCode = await command.run({ args, readEnv, redact: (text) => redact(text), stop });
  } catch (thrown) {
    // What was cut off in its start has closed all that it had opened.
    if (stop.aborted) process.exit(0);
    fail(thrown, redact);
  }
}

function informationFor(words: readonly string[]): string | null {
  const has = (...flags: string[]) => words.some((word) => flags.includes(word));
  if (has('--help', '-h')) return usage();
  return has('--version', '-v') ? VERSION : null;
}

function fail(thrown: unknown, redact: Redact): never {
  const known = thrown instanceof EnvError ? thrown : tooManyConnections(thrown);
  process.stderr.write(`${redact(messageOf(known ?? thrown))}\n`);
  process.exit(known ? EX_CONFIG : thrown instanceof UsageError ? EX_USAGE : 1);
}
