import type { Logger } from '../lib/logger.js';
import { createListeningConnection, type ListeningTiming } from '../database/listening-connection.js';
import type { EventBus } from './bus.js';
import type { Events } from './events.js';
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
  timing?: Partial<ListeningTiming>;
}

/**
 * Resolves once it listens; rejects when the first connection fails. A later loss is repaired for as long as
 * it takes, and then announced as `bus.gap`.
 */
export async function startPostgresRelay(options: PostgresRelayOptions): Promise<PostgresRelay> {
  const { url, bus, log, timing } = options;
  const connection = createListeningConnection({
    url,
    channel: CHANNEL,
    applicationName: 'reprise events',
    timing,
    log,
    onNotification: (text) => receive(text, bus, log),
    onGap: () => bus.publish('bus.gap', {}),
  });
  try {
    await connection.opened;
  } catch (thrown) {
    await connection.close();
    throw thrown;
  }
  return {
    notify: async (name, payload) => connection.notify(toMessage(name, payload)),
    healthy: () => connection.connected(),
    stop: () => connection.close(),
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
