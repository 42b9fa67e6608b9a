import { z } from 'zod';
import { createListeningConnection, type ListeningTiming } from '../database/listening-connection.js';
import { SettingsSection, TaskState } from '../generated/prisma/enums.js';
import type { Logger } from '../lib/logger.js';
import type { EventBus, EventName, Events } from './bus.js';

export interface PostgresRelay {
  healthy(): boolean;
  /** Also ends an attempt to connect. Never rejects. */
  stop(): Promise<void>;
}

interface PostgresRelayOptions {
  url: string;
  bus: EventBus;
  log: Logger;
  /** Other processes see by this connection that this one lives. */
  instanceId?: string;
  timing?: Partial<ListeningTiming>;
}

const CHANNEL = 'reprise';

/** Rejects when the first connection fails; one lost later is replaced, and `bus.gap` is published. */
export async function startPostgresRelay(options: PostgresRelayOptions): Promise<PostgresRelay> {
  const { url, bus, log, timing, ...identity } = options;
  const connection = createListeningConnection({
    ...identity,
    url,
    channel: CHANNEL,
    applicationName: 'reprise events',
    timing,
    log,
    onNotification: (text) => receive(text, bus, log),
    onGap: () => bus.publish('bus.gap', {}),
    reportsOutages: true,
  });
  try {
    await connection.opened;
  } catch (thrown) {
    await connection.close();
    throw thrown;
  }
  return {
    healthy: () => connection.connected(),
    stop: () => connection.close(),
  };
}

type RelayedEventName = Exclude<EventName, 'bus.gap' | 'settings.applied'>;

const payloads: { [Name in RelayedEventName]: z.ZodType<Events[Name]> } = {
  'task.changed': z.object({
    taskId: z.guid(),
    ownerId: z.guid(),
    parentId: z.guid().nullable(),
    state: z.enum(TaskState),
  }),
  'library.changed': z.object({}),
  'watch.changed': z.object({}),
  'access.changed': z.object({ userId: z.guid() }),
  'settings.changed': z.object({ section: z.enum(SettingsSection), version: z.number().int() }),
};

const message = z.object({ name: z.string(), items: z.array(z.unknown()) });

function receive(text: string, bus: EventBus, log: Logger): void {
  const parsed = parseMessage(text);
  if (!parsed) return log.warn({ text: text.slice(0, 200) }, 'malformed notification ignored');
  const { name, items } = parsed;
  if (!isRelayed(name)) return log.debug({ event: name }, 'unknown event ignored');
  const valid = parsePayloads(name, items);
  const malformed = items.length - valid.length;
  if (malformed > 0) {
    log.warn({ event: name, malformed, text: text.slice(0, 200) }, 'malformed events ignored');
  }
  for (const payload of valid) bus.publish(name, payload);
}

function parseMessage(text: string): z.infer<typeof message> | null {
  try {
    return message.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** False for an event of a newer or older version that shares the database. */
function isRelayed(name: string): name is RelayedEventName {
  return Object.hasOwn(payloads, name);
}

function parsePayloads<Name extends RelayedEventName>(name: Name, items: unknown[]): Events[Name][] {
  const parsed = items.map((item) => payloads[name].safeParse(item));
  return parsed.filter((result) => result.success).map((result) => result.data);
}
