import type { ServerResponse } from 'node:http';

/** One client's stream of server-sent events. */
export interface EventSink {
  /** Sends what was sent so far, and then the rest as it comes, as the body of this response. */
  connect: (outgoing: ServerResponse) => void;
  /** Aborts when the client has gone, was dropped, or the stream was ended. */
  closed: AbortSignal;
  /** Sends one JSON object; does nothing once closed. The client hands `id` back when it comes again. */
  send: (data: object, id?: string) => void;
  /** Ends the stream after what was sent. */
  end: () => void;
}

/** In bytes. What waits for a client that does not read; one more message and it is dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/**
 * A single message may be larger than the limit, as long as nothing waits before it. A client that does not read is
 * cut off: an end that waits behind what it has not read would never come.
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

/** Made once for all clients that get the object under the same id. It must not be changed after that. */
function toFrame(data: object, id: string | undefined): Buffer {
  const made = frames.get(data);
  if (made && made.id === id) return made.bytes;
  // JSON has no line breaks of its own, so one data line holds it.
  const bytes = Buffer.from(`${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  frames.set(data, { id, bytes });
  return bytes;
}
