import { bearerOf, type Target } from './tokens.js';

/** One message of GET /prgs/stream. */
export interface StreamMessage {
  initial?: boolean;
  change_type: string;
  tasks: { task_id: string; status: string }[];
  deleted_tasks?: string[];
  task_counts: Record<string, number>;
}

/** The messages of a stream so far. */
export interface FollowedStream<Message = StreamMessage> {
  readonly messages: Message[];
  stop(): void;
}

/** Follows GET /prgs/stream in the background. */
export function followStream(app: Target): Promise<FollowedStream> {
  return followEvents(app, '/api/prgs/stream', {});
}

/** Follows a subscription over server-sent events in the background; its errors are messages too. */
export function followGraphqlStream<Data>(
  app: Target,
  { document, variables = {} }: { document: { toString(): string }; variables?: object },
): Promise<FollowedStream<{ data?: Data; errors?: unknown }>> {
  return followEvents(app, '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: document.toString(), variables }),
  });
}

async function followEvents<Message>(
  app: Target,
  path: string,
  { headers, ...init }: { method?: string; headers?: Record<string, string>; body?: string },
): Promise<FollowedStream<Message>> {
  const controller = new AbortController();
  const { body } = await fetch(`${app.url}${path}`, {
    ...init,
    headers: { ...headers, ...bearerOf(app) },
    signal: controller.signal,
  });
  const messages: Message[] = [];
  const read = async () => {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const frames = text.split('\n\n');
      text = frames.pop() ?? '';
      for (const frame of frames) {
        const [, data] = /^data: ?(.+)$/m.exec(frame) ?? [];
        if (data !== undefined) messages.push(JSON.parse(data) as Message);
      }
    }
  };
  read().catch(() => undefined);
  return { messages, stop: () => controller.abort() };
}
