import type { Logger } from '../lib/logger.js';
import { pathOf, type HttpExchange } from './request-context.js';

const QUIET = new Set(['/healthz', '/readyz']);

/** One line for each response. Query strings are left out, because they may hold secrets. */
export function logResponse(log: Logger, { incoming, outgoing, requestId }: HttpExchange): void {
  const path = pathOf(incoming);
  const level = QUIET.has(path) ? 'debug' : 'info';
  if (!log.isLevelEnabled(level)) return;
  const startedAt = performance.now();
  outgoing.once('close', () => {
    const durationMs = Math.round(performance.now() - startedAt);
    const fields = { requestId, method: incoming.method, path, status: outgoing.statusCode, durationMs };
    log[level](outgoing.writableFinished ? fields : { ...fields, aborted: true }, 'request');
  });
}
