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
export interface FollowedStream {
  readonly messages: StreamMessage[];
  stop(): void;
}

/** Follows GET /prgs/stream in the background. */
export async function followStream(app: Target): Promise<FollowedStream> {
  const controller = new AbortController();
  const { body } = await fetch(`${app.url}/api/prgs/stream`, {
    headers: bearerOf(app),
    signal: controller.signal,
  });
  const messages: StreamMessage[] = [];
  const read = async () => {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const frames = text.split('\n\n');
      text = frames.pop() ?? '';
      for (const frame of frames) {
        messages.push(JSON.parse(frame.slice(frame.indexOf('data: ') + 6)) as StreamMessage);
      }
    }
  };
  read().catch(() => undefined);
  return { messages, stop: () => controller.abort() };
}
