import type * as databaseCommands from './database-commands.js';
import type { Env } from './env.js';
import { createLogger } from './lib/logger.js';
import type { Redact } from './lib/secrets.js';

/* Each command loads its own part of the program: usage and mistakes are answered at once. */

/** What a command gets from the program that runs it. */
export interface Call {
  args: readonly string[];
  /** The environment, with these variables in place of its own. Throws EnvError. */
  readEnv(fixed?: Readonly<Record<string, string>>): Env;
  /** Removes the secrets of the environment that was read last. */
  redact: Redact;
  stop: AbortSignal;
}

interface Command {
  /** As usage shows them; those in brackets may be left out, and are flags. */
  parameters: readonly string[];
  about: string;
  /** Returns the exit status. */
  run(call: Call): Promise<number>;
}

const JSON_OUTPUT = '--json';
const EXIT = '--exit';
const DISCARD = '--discard';

const COMMANDS: Readonly<Record<string, Command>> = {
  start: {
    parameters: [],
    about: 'starts the server; ROLE says which part of it, by default all',
    run: ({ readEnv, stop }) => serve(readEnv(), stop),
  },
  worker: {
    parameters: [],
    about: 'starts a worker, as "start" with ROLE=worker does',
    run: ({ readEnv, stop }) => serve(readEnv({ ROLE: 'worker' }), stop),
  },
  demo: {
    parameters: [`[${EXIT}]`],
    about: `starts the server and downloads an album of the demo catalog; ${EXIT} ends after it`,
    async run({ readEnv, redact, stop, args }) {
      const { runDemo } = await import('./demo.js');
      return runDemo(readEnv({ ROLE: 'all' }), { redact, stop, exits: args.includes(EXIT) });
    },
  },
  doctor: {
    parameters: [`[${JSON_OUTPUT}]`],
    about: `checks what a start needs, changes nothing, and says what to do; ${JSON_OUTPUT} prints JSON`,
    async run({ args, ...call }) {
      const { runDoctor } = await import('./doctor/doctor.js');
      return runDoctor({ ...call, json: args.includes(JSON_OUTPUT) });
    },
  },
  'reset-password': {
    parameters: ['<username>'],
    about: 'gives a user a new random password, prints it, and signs the user out everywhere',
    run: onDatabase(({ resetPassword }, deps, [username = '']) => resetPassword(deps, username)),
  },
  'rotate-signing-key': {
    parameters: [],
    about: 'makes a new key that signs tokens; tokens of the one before stay valid until they end',
    run: onDatabase(({ replaceSigningKey }, deps) => replaceSigningKey(deps)),
  },
  'rotate-secret-key': {
    parameters: [`[${DISCARD}]`],
    about: `encrypts all secrets with a new key; ${DISCARD} deletes those that no key decrypts`,
    run: onDatabase(({ replaceSecretKey }, deps, args) =>
      replaceSecretKey(deps, { discards: args.includes(DISCARD) }),
    ),
  },
};

async function serve(env: Env, stop: AbortSignal): Promise<number> {
  const { runServer } = await import('./serve.js');
  return runServer(env, stop);
}

type Work = (
  commands: typeof databaseCommands,
  deps: databaseCommands.CommandDeps,
  args: readonly string[],
) => Promise<string>;

function onDatabase(work: Work): Command['run'] {
  return async ({ args, readEnv, redact, stop }) => {
    const env = readEnv();
    const commands = await import('./database-commands.js');
    // Standard output is for what the command prints, which a program may read.
    const log = createLogger('warn', redact, process.stderr);
    const output = await commands.withDatabase(env, { log, stop }, (deps) => work(commands, deps, args));
    process.stdout.write(`${output}\n`);
    return 0;
  };
}

export class UsageError extends Error {}

/** Throws UsageError for words that name no command, or another one's arguments. */
export function findCommand([name = 'start', ...args]: readonly string[]): {
  command: Command;
  args: readonly string[];
} {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new UsageError(`"${name}" is not a command of reprise.\n\n${usage()}`);
  if (fits(command, args)) return { command, args };
  throw new UsageError(`The arguments of "${name}" are wrong. Usage: reprise ${toUsage(name, command)}`);
}

function fits({ parameters }: Command, args: readonly string[]): boolean {
  const required = parameters.filter((parameter) => parameter.startsWith('<'));
  const further = args.slice(required.length);
  return args.length >= required.length && further.every((arg) => parameters.includes(`[${arg}]`));
}

const toUsage = (name: string, { parameters }: Command) => [name, ...parameters].join(' ');

export function usage(): string {
  const lines = Object.entries(COMMANDS).map(
    ([name, command]) => `  ${toUsage(name, command)}: ${command.about}`,
  );
  return [
    'Usage: reprise [command]',
    'Without a command, the server starts. Commands:',
    ...lines,
    'Settings are environment variables: see docs/configuration.md.',
  ].join('\n');
}
