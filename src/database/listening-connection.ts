import { createDeferred, delay } from '../lib/async.js';
import type { Logger } from '../lib/logger.js';
import { openListeningSession } from './listening-session.js';

export interface ListeningTiming {
  keepaliveEveryMs: number;
  answerWithinMs: number;
  /** 0.1 s by default; later waits double, up to 5 s. */
  firstRetryMs: number;
  lastRetryMs: number;
}

export interface ListeningConnection {
  /** Settles with the first attempt. When it rejects, further attempts follow until `close`. */
  opened: Promise<void>;
  connected(): boolean;
  close(): Promise<void>;
}

interface ListeningOptions {
  url: string;
  channel: string;
  applicationName: string;
  /** Shows by this connection that the process lives. */
  instanceId?: string;
  timing?: Partial<ListeningTiming> | undefined;
  log: Logger;
  onNotification: (text: string) => void;
  /** After a loss: PostgreSQL keeps no notification for absent listeners. Must not throw. */
  onGap?: () => void;
  /** Reports an outage and its end, once each, for the whole process; the others only at level debug. */
  reportsOutages?: boolean;
}

const DEFAULT_TIMING: ListeningTiming = {
  keepaliveEveryMs: 5_000,
  answerWithinMs: 5_000,
  firstRetryMs: 100,
  lastRetryMs: 5_000,
};

export function createListeningConnection(options: ListeningOptions): ListeningConnection {
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const closing = new AbortController();
  const opened = createDeferred<void>();
  // Not every caller awaits it, and an unhandled rejection would end the process.
  opened.promise.catch(() => undefined);
  let connected = false;

  const listening = keepListening(
    { ...options, timing, signal: closing.signal },
    {
      opened: () => {
        connected = true;
        opened.resolve();
      },
      failed: (error) => opened.reject(error),
      lost: () => {
        connected = false;
      },
    },
  );

  return {
    opened: opened.promise,
    connected: () => connected,
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

interface Progress {
  opened(): void;
  failed(error: unknown): void;
  lost(): void;
}

const REPORT = { lost: 'warn', restored: 'info' } as const;

async function keepListening(options: Listening, progress: Progress): Promise<void> {
  const { channel, timing, log, signal, onGap } = options;
  const backoff = createBackoff(timing);
  const levels = options.reportsOutages ? REPORT : ({ lost: 'debug', restored: 'debug' } as const);
  for (let isFirst = true, attempt = 1; !signal.aborted; isFirst = false, attempt += 1) {
    const session = await openListeningSession(options).catch((err: unknown) => {
      progress.failed(err);
      log.debug({ err, channel, attempt }, 'listening connection still down');
      return null;
    });
    if (session) {
      progress.opened();
      if (!isFirst) log[levels.restored]({ channel, attempt }, 'database answers again');
      if (!isFirst) onGap?.();
      const openedAtMs = performance.now();
      const reason = await session.lost;
      progress.lost();
      if (!signal.aborted) log[levels.lost]({ channel, reason: reason.message }, 'database connection lost');
      // Not for a server that accepts connections and drops them at once.
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

/** Jitter, so that processes do not all reconnect at once. */
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
