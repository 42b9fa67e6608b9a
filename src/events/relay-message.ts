import { z } from 'zod';
import { SettingsSection, TaskState } from '../generated/prisma/enums.js';
import type { EventName, Events } from './events.js';

/** The channel that the triggers in prisma/migrations and every process of Reprise notify. */
export const CHANNEL = 'reprise';

/** PostgreSQL refuses a payload of 8,000 bytes. */
export const MAX_MESSAGE_BYTES = 7_900;

/** Events that come over the database; the others are made where they happen. */
export type RelayedEventName = Exclude<EventName, 'bus.gap' | 'settings.applied'>;

const payloads: { [Name in RelayedEventName]: z.ZodType<Events[Name]> } = {
  'task.changed': z.object({
    taskId: z.guid(),
    ownerId: z.guid(),
    parentId: z.guid().nullable(),
    state: z.enum(TaskState),
  }),
  'settings.changed': z.object({ section: z.enum(SettingsSection), version: z.number().int() }),
};

const message = z.object({ name: z.string(), items: z.array(z.unknown()) });

/** A notification is `{"name": event, "items": [payload, …]}`; null when it is not. */
export function parseMessage(text: string): z.infer<typeof message> | null {
  try {
    return message.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** False for an event of a newer or older version that shares the database. */
export function isRelayed(name: string): name is RelayedEventName {
  return Object.hasOwn(payloads, name);
}

/** The items that are what the event's payload should be. */
export function parsePayloads<Name extends RelayedEventName>(name: Name, items: unknown[]): Events[Name][] {
  const parsed = items.map((item) => payloads[name].safeParse(item));
  return parsed.filter((result) => result.success).map((result) => result.data);
}

/** The notification that carries one event; throws when PostgreSQL would refuse its size. */
export function toMessage<Name extends RelayedEventName>(name: Name, payload: Events[Name]): string {
  const text = JSON.stringify({ name, items: [payload] });
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > MAX_MESSAGE_BYTES) {
    throw new Error(`${name} takes ${sizeBytes} bytes; a notification carries at most ${MAX_MESSAGE_BYTES}`);
  }
  return text;
}
