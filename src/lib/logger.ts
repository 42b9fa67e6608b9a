import {
  pino,
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type LogFn,
  type LoggerOptions,
  type Logger as PinoLogger,
} from 'pino';
import { createRedactor, redactAll, type Redact } from './secrets.js';

export type Logger = PinoLogger;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one JSON object a line, by default to standard output. Child loggers carry `requestId` or `taskId`. */
export function createLogger(
  level: LogLevel,
  redact: Redact = createRedactor(),
  destination?: DestinationStream,
): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Errors are serialized with the rest, before pino takes a message from one.
    serializers: { err: (err: unknown) => err },
    hooks: {
      logMethod([fields, ...rest], method) {
        const texts = rest.map((each: unknown) => redactAll(each, redact));
        method.apply(this, [redactFields(fields, redact), ...texts] as Parameters<LogFn>);
      },
    },
  };
  const logger = destination ? pino(options, destination) : pino(options);
  return redactBindings(logger, redact);
}

/** Children inherit both methods. pino has no hook for their fields: its formatter is for those of the first logger. */
function redactBindings(logger: Logger, redact: Redact): Logger {
  const { child, setBindings } = logger;
  const redacted = (bindings: Bindings) => redactAll(bindings, redact) as Bindings;
  return Object.assign(logger, {
    child(this: Logger, bindings: Bindings, options?: ChildLoggerOptions) {
      return Reflect.apply(child, this, [redacted(bindings), options]);
    },
    setBindings(this: Logger, bindings: Bindings) {
      setBindings.call(this, redacted(bindings));
    },
  });
}

function redactFields(fields: unknown, redact: Redact) {
  return redactAll(fields instanceof Error ? { err: fields } : fields, redact);
}
