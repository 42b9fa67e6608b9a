import { once } from 'node:events';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** The number of tasks in the first message of an event stream; the status when it is refused. */
export async function readFirstMessage(url: string): Promise<number> {
  const leaving = new AbortController();
  const { status, body } = await fetch(`${url}/api/prgs/stream`, { signal: leaving.signal });
  if (status !== 200) return status;
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('\n\n')) break;
  }
  leaving.abort();
  const data = text.slice(text.indexOf('data: ') + 6, text.indexOf('\n\n'));
  return (JSON.parse(data) as { tasks: unknown[] }).tasks.length;
}

/** Subscribes on one socket and reads so many updates of each: its snapshot. */
export async function followOnOneSocket(
  url: string,
  { subscriptions, snapshot }: { subscriptions: number; snapshot: number },
): Promise<number[]> {
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  const follow = async () => {
    let count = 0;
    for await (const { errors } of client.iterate({
      query: 'subscription { taskUpdates { task { id state } } }',
    })) {
      if (errors) throw new Error(JSON.stringify(errors));
      count += 1;
      if (count === snapshot) break;
    }
    return count;
  };
  try {
    return await Promise.all(Array.from({ length: subscriptions }, follow));
  } finally {
    await client.dispose();
  }
}

export const LARGEST_GREETING_BYTES = 4_096;

/** As many small objects as fit: they take far more memory than bytes. */
export function greetingOf(bytes: number): string {
  const empty = JSON.stringify({ type: 'connection_init', payload: { token: 't', junk: [] } });
  const junk = Array.from({ length: Math.floor((bytes - empty.length) / 3) }, () => '{}').join(',');
  return empty.replace('[]', `[${junk}]`);
}

/** The type of the answer, the close code, or the status of a refusal. The socket stays open. */
export async function greet(url: string, greeting: string): Promise<{ socket: WebSocket; answer: string }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  socket.on('error', () => undefined);
  const refused = once(socket, 'unexpected-response').then(([, response]) => {
    return String((response as { statusCode?: number }).statusCode);
  });
  const closed = once(socket, 'close').then(([code]) => String(code));
  const acknowledged = once(socket, 'open').then(async () => {
    socket.send(greeting);
    const [data] = (await once(socket, 'message')) as [Buffer];
    return (JSON.parse(data.toString()) as { type: string }).type;
  });
  return { socket, answer: await Promise.race([acknowledged, refused, closed]) };
}
