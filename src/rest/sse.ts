import type { ServerResponse } from 'node:http';

/** One client's stream of server-sent events. */
export interface EventSink {
  /** Sends everything so far, and the rest as it comes, as the body of this response. */
  connect: (outgoing: ServerResponse) => void;
  /** Aborts when the client disconnects or is dropped, and when the stream ends. */
  closed: AbortSignal;
  /** Sends one JSON object; does nothing once closed. The client sends `id` back when it reconnects. */
  send: (data: object, id?: string) => void;
  /** Ends the stream after everything that was sent. */
  end: () => void;
}

/** Bytes that may wait for a client that does not read; the next message drops it. */
const MAX_WAITING_BYTES = 1024 * 1024;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/**
 * A single message may be larger than the limit, as long as nothing waits before it. A client that does not read is
 * disconnected: an end that waits behind unread messages would never arrive.
 */
export function createEventSink(): EventSink {
  const closing = new AbortController();
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let response: ServerResponse | null = null;

  const flush = () => {
    while (response && !response.writableNeedDrain) {
      const frame = waiting.shift();
      if (!frame) return;
      waitingBytes -= frame.byteLength;
      response.write(frame);
    }
  };
  const send = (data: object, id?: string) => {
    if (closing.signal.aborted) return;
    const frame = toFrame(data, id);
    if (response && waiting.length > 0 && waitingBytes + frame.byteLength > MAX_WAITING_BYTES) {
      closing.abort();
      return void response.destroy();
    }
    waiting.push(frame);
    waitingBytes += frame.byteLength;
    flush();
  };
  const finish = (outgoing: ServerResponse) => {
    if (outgoing.destroyed) return;
    for (const frame of waiting.splice(0)) outgoing.write(frame);
    outgoing.end();
  };
  const end = () => {
    if (closing.signal.aborted) return;
    closing.abort();
    if (response) finish(response);
  };
  const connect = (outgoing: ServerResponse) => {
    response = outgoing.writeHead(200, HEADERS).on('drain', flush);
    if (closing.signal.aborted) return finish(outgoing);
    flush();
  };
  return { connect, closed: closing.signal, send, end };
}

const frames = new WeakMap<object, { id: string | undefined; bytes: Buffer }>();

/** Encoded once for all clients that get the object under the same id. The object must not change afterwards. */
function toFrame(data: object, id: string | undefined): Buffer {
  const made = frames.get(data);
  if (made && made.id === id) return made.bytes;
  // JSON has no raw line breaks, so one data line holds it.
  const bytes = Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  frames.set(data, { id, bytes });
  return bytes;
}
