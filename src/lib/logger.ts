import { pino, stdSerializers, type Logger as PinoLogger } from 'pino';
import { redactAll, type Redact } from './secrets.js';

export type Logger = PinoLogger;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one JSON object a line to standard output. Child loggers carry `requestId` or `taskId`. */
export function createLogger(level: LogLevel, redact: Redact = (text) => text): Logger {
  // Only errors come from drivers that were told the secrets.
  const err = (error: Error) => redactAll(stdSerializers.err(error), redact);
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err } });
}
