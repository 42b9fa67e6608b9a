import { getOrAdd } from '../lib/get-or-add.js';

/** One client's stream of server-sent events. */
export interface EventSink {
  stream: ReadableStream<Uint8Array>;
  /** Aborts when the client has gone, was dropped, or the stream was ended. */
  closed: AbortSignal;
  /** Sends one JSON object; does nothing once closed. The client hands `id` back when it comes again. */
  send: (data: object, id?: string) => void;
  /** Ends the stream after what was sent. */
  end: () => void;
}

/** In bytes. What waits for a client that does not read; one more message and it is dropped. */
const MAX_BUFFER_BYTES = 1024 * 1024;

/**
 * A single message may be larger than the limit, as long as nothing waits before it. `hangUp` cuts the connection
 * of a client that does not read: an end that waits behind what it has not read would never come.
 */
export function createEventSink({ hangUp }: { hangUp: () => void }): EventSink {
  const closing = new AbortController();
  const encoder = new TextEncoder();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (own) => {
        controller = own;
      },
      cancel: () => closing.abort(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_BUFFER_BYTES }),
  );
  const send = (data: object, id?: string) => {
    if (closing.signal.aborted) return;
    const frame = encoder.encode(toFrame(data, id));
    const waiting = MAX_BUFFER_BYTES - (controller.desiredSize ?? 0);
    if (waiting > 0 && waiting + frame.byteLength > MAX_BUFFER_BYTES) {
      closing.abort();
      return hangUp();
    }
    controller.enqueue(frame);
  };
  const end = () => {
    if (closing.signal.aborted) return;
    controller.close();
    closing.abort();
  };
  return { stream, closed: closing.signal, send, end };
}

const written = new WeakMap<object, string>();

/** Of an object that goes to many clients once. It must not be changed after that. */
function toJson(data: object): string {
  return getOrAdd(written, data, () => JSON.stringify(data));
}

/** JSON has no line breaks of its own, so one data line holds it. */
function toFrame(data: object, id: string | undefined): string {
  return `${id === undefined ? '' : `id: ${id}\n`}data: ${toJson(data)}\n\n`;
}
