import { delay } from '../lib/async.js';
import type { Logger } from '../lib/logger.js';
import type { EventBus } from './bus.js';
import type { Events } from './events.js';
import {
  openListeningConnection,
  type ListeningConnection,
  type RelayTiming,
} from './listening-connection.js';
import {
  CHANNEL,
  isRelayed,
  parseMessage,
  parsePayloads,
  toMessage,
  type RelayedEventName,
} from './relay-message.js';

/** Brings the news of all processes, and of the database itself, to this process's bus. */
export interface PostgresRelay {
  /** Sends an event to every process, this one included; rejects while there is no connection. */
  notify<Name extends RelayedEventName>(name: Name, payload: Events[Name]): Promise<void>;
  /** Whether news is arriving; while it is not, it is being reconnected. */
  healthy(): boolean;
  /** Ends the connection or the attempt to get one. Never rejects. */
  stop(): Promise<void>;
}

export interface PostgresRelayOptions {
  url: string;
  bus: EventBus;
  log: Logger;
  timing?: Partial<RelayTiming>;
}

const DEFAULT_TIMING: RelayTiming = {
  keepaliveEveryMs: 15_000,
  answerWithinMs: 5_000,
  firstRetryMs: 100,
  lastRetryMs: 5_000,
};

/**
 * Resolves once it listens; rejects when the first connection fails. A later loss is repaired for as long as
 * it takes, and then announced as `bus.gap`: PostgreSQL keeps no notification for those who are away.
 */
export async function startPostgresRelay(options: PostgresRelayOptions): Promise<PostgresRelay> {
  const { url, bus, log } = options;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const stopping = new AbortController();
  const { signal } = stopping;
  const onNotification = (text: string) => receive(text, bus, log);
  const open = () => openListeningConnection({ url, timing, onNotification, signal });

  let current: ListeningConnection | null = await open();

  const follow = async (): Promise<void> => {
    const backoff = createBackoff(timing);
    while (current) {
      if (signal.aborted) return current.close();
      const connectedAtMs = performance.now();
      const reason = await current.lost;
      current = null;
      if (signal.aborted) return;
      log.warn({ err: reason }, 'The connection that brings events was lost');
      // A server that accepts and drops at once is not to be asked ten times a second.
      if (performance.now() - connectedAtMs > timing.lastRetryMs) backoff.reset();
      current = await reconnect({ open, backoff, log, signal });
      if (current) bus.publish('bus.gap', {});
    }
  };
  const following = follow();

  const stop = async () => {
    stopping.abort();
    await current?.close();
    await following;
  };

  return {
    notify: async (name, payload) => {
      const text = toMessage(name, payload);
      if (!current) throw new Error(`${name} was not sent: the connection that carries events is down`);
      await current.query('SELECT pg_notify($1, $2)', [CHANNEL, text]);
    },
    healthy: () => current !== null,
    stop,
  };
}

interface Reconnecting {
  open: () => Promise<ListeningConnection>;
  backoff: Backoff;
  log: Logger;
  signal: AbortSignal;
}

/** Tries until it succeeds; null when it was told to stop. */
async function reconnect({ open, backoff, log, signal }: Reconnecting): Promise<ListeningConnection | null> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await delay(backoff.nextMs(), signal);
      const connection = await open();
      log.info({ attempt }, 'The connection that brings events is back');
      return connection;
    } catch (error) {
      log.debug({ err: error, attempt }, 'The connection that brings events is still down');
    }
  }
  return null;
}

interface Backoff {
  nextMs(): number;
  reset(): void;
}

/** Delays that double, each with up to half of it left to chance, so that processes do not come back at once. */
function createBackoff({ firstRetryMs, lastRetryMs }: RelayTiming): Backoff {
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

function receive(text: string, bus: EventBus, log: Logger): void {
  const message = parseMessage(text);
  if (!message) return log.warn({ text: text.slice(0, 200) }, 'A notification could not be read');
  const { name, items } = message;
  if (!isRelayed(name)) return log.debug({ event: name }, 'An unknown event was ignored');
  const payloads = parsePayloads(name, items);
  const malformed = items.length - payloads.length;
  if (malformed > 0) {
    log.warn({ event: name, malformed, text: text.slice(0, 200) }, 'An event was not what it should be');
  }
  for (const payload of payloads) bus.publish(name, payload);
}
