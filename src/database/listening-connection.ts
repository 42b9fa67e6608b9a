import { createDeferred, delay } from '../lib/async.js';
import type { Logger } from '../lib/logger.js';
import { openListeningSession, type ListeningSession } from './listening-session.js';

/** All in milliseconds. */
export interface ListeningTiming {
  /** Between two questions whether the server still answers; 5 s by default. */
  keepaliveEveryMs: number;
  /** How long one answer, or a connection, may take; 5 s by default. */
  answerWithinMs: number;
  /** Before the first and, at most, before a later attempt to connect again; 0.1 s and 5 s by default. */
  firstRetryMs: number;
  lastRetryMs: number;
}

/** Listens on a channel, on a connection of its own, and connects again for as long as it takes. */
export interface ListeningConnection {
  /** What came of the first attempt to connect. When it rejects, the attempts go on until `close`. */
  opened: Promise<void>;
  /** Whether notifications are arriving. */
  connected(): boolean;
  /** Sends to all who listen on the channel, this connection included; rejects while there is no connection. */
  notify(text: string): Promise<void>;
  /** Ends the connection or the attempt to get one; may be called again. Never rejects. */
  close(): Promise<void>;
}

export interface ListeningOptions {
  url: string;
  channel: string;
  /** What the server calls the connection in `pg_stat_activity`. */
  applicationName: string;
  timing?: Partial<ListeningTiming> | undefined;
  log: Logger;
  onNotification: (text: string) => void;
  /** It listens again: PostgreSQL keeps no notification for those who are away. It must not throw. */
  onGap?: () => void;
}

const DEFAULT_TIMING: ListeningTiming = {
  keepaliveEveryMs: 5_000,
  answerWithinMs: 5_000,
  firstRetryMs: 100,
  lastRetryMs: 5_000,
};

export function createListeningConnection(options: ListeningOptions): ListeningConnection {
  const { channel } = options;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const closing = new AbortController();
  const opened = createDeferred<void>();
  // Not everyone asks, and a rejection that nobody handles would end the process.
  opened.promise.catch(() => undefined);
  let current: ListeningSession | null = null;

  const listening = keepListening(
    { ...options, timing, signal: closing.signal },
    {
      opened: (session) => {
        current = session;
        opened.resolve();
      },
      failed: (error) => opened.reject(error),
      lost: () => {
        current = null;
      },
    },
  );

  return {
    opened: opened.promise,
    connected: () => current !== null,
    async notify(text) {
      if (!current) throw new Error(`Nothing can be sent on the channel ${channel}: its connection is down`);
      await current.notify(text);
    },
    async close() {
      closing.abort();
      await listening;
    },
  };
}

interface Listening extends ListeningOptions {
  timing: ListeningTiming;
  signal: AbortSignal;
}

/** What becomes of the attempts to connect, and of the connections. */
interface Progress {
  opened(session: ListeningSession): void;
  failed(error: unknown): void;
  lost(): void;
}

/** Opens one session after the other until `signal` aborts; ends when the last of them has. */
async function keepListening(options: Listening, progress: Progress): Promise<void> {
  const { channel, timing, log, signal, onGap } = options;
  const backoff = createBackoff(timing);
  for (let isFirst = true, attempt = 1; !signal.aborted; isFirst = false, attempt += 1) {
    const session = await openListeningSession(options).catch((error: unknown) => {
      progress.failed(error);
      log.debug({ err: error, channel, attempt }, 'The connection that listens is still down');
      return null;
    });
    if (session) {
      progress.opened(session);
      if (!isFirst) log.info({ channel, attempt }, 'The connection that listens is back');
      if (!isFirst) onGap?.();
      const openedAtMs = performance.now();
      const reason = await session.lost;
      progress.lost();
      if (!signal.aborted) log.warn({ err: reason, channel }, 'The connection that listens was lost');
      // A server that accepts and drops at once is not to be asked ten times a second.
      if (performance.now() - openedAtMs > timing.lastRetryMs) backoff.reset();
      attempt = 0;
    }
    await delay(backoff.nextMs(), signal).catch(() => undefined);
  }
}

interface Backoff {
  nextMs(): number;
  reset(): void;
}

/** Delays that double, each with up to half of it left to chance, so that processes do not come back at once. */
function createBackoff({ firstRetryMs, lastRetryMs }: ListeningTiming): Backoff {
  let upToMs = firstRetryMs;
  return {
    nextMs: () => {
      const delayMs = upToMs * (0.5 + Math.random() / 2);
      upToMs = Math.min(upToMs * 2, lastRetryMs);
      return delayMs;
    },
    reset: () => {
      upToMs = firstRetryMs;
    },
  };
}
