import type { Logger } from '../lib/logger.js';
import { pathOf, type HttpExchange } from './request-context.js';

/** Asked every few seconds by whoever watches over the process. */
const QUIET = new Set(['/healthz', '/readyz']);

/** One line when the answer is out, or its client gone. Query strings stay out: they may hold secrets. */
export function logWhenAnswered(log: Logger, { incoming, outgoing, requestId }: HttpExchange): void {
  const path = pathOf(incoming);
  const level = QUIET.has(path) ? 'debug' : 'info';
  if (!log.isLevelEnabled(level)) return;
  const startedAt = performance.now();
  outgoing.once('close', () => {
    const durationMs = Math.round(performance.now() - startedAt);
    const facts = { requestId, method: incoming.method, path, status: outgoing.statusCode, durationMs };
    log[level](outgoing.writableFinished ? facts : { ...facts, aborted: true }, 'request');
  });
}
