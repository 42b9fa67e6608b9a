import { createPendingNews, type News } from './pending-news.js';
import type { RestTiming } from './route.js';
import type { Following } from './run-document.js';
import { createEventSink, type EventSink } from './sse.js';

export interface LiveStream<Value> {
  first: object;
  /** Where a client that has seen only the first message would resume. */
  mark: string;
  /** Starts the sources of the news. */
  follow(listener: (news: News<Value>) => void): Promise<Following[]>;
  /** The message about these; none of them makes it a heartbeat. */
  describe(values: Value[]): Promise<object>;
  /** Aborts when the client goes away. */
  signal: AbortSignal;
  timing: Pick<RestTiming, 'messageGapMs' | 'heartbeatMs'>;
}

/**
 * A stream of events that starts with all there is, then tells what changed, no faster than clients are promised.
 * It ends when one of its sources does; the client comes again, and resumes.
 */
export async function openLiveStream<Value>({ first, ...live }: LiveStream<Value>): Promise<EventSink> {
  const sink = createEventSink();
  sink.send(first, live.mark);
  const add = sendInTurn(live, sink);
  const sources = await live.follow(add);
  for (const { ended } of sources) void ended.then(sink.end, sink.end);
  const stopSources = () => sources.forEach(({ stop }) => stop());
  if (sink.closed.aborted) stopSources();
  sink.closed.addEventListener('abort', stopSources);
  live.signal.addEventListener('abort', sink.end);
  return sink;
}

/** Gathers news and sends them when their turn comes; answers how to add some. */
function sendInTurn<Value>(
  live: Omit<LiveStream<Value>, 'first'>,
  sink: EventSink,
): (news: News<Value>) => void {
  const { messageGapMs, heartbeatMs } = live.timing;
  const pending = createPendingNews<Value>();
  let sentAt = performance.now();
  let describing = false;
  let timer: NodeJS.Timeout | undefined;

  const sendNext = async () => {
    describing = true;
    const { values, mark } = pending.take();
    sink.send(await live.describe(values), mark);
    sentAt = performance.now();
    describing = false;
    plan();
  };
  const plan = () => {
    clearTimeout(timer);
    if (describing || sink.closed.aborted) return;
    const dueAt = pending.isEmpty ? sentAt + heartbeatMs : nextBeat(sentAt + messageGapMs, messageGapMs);
    timer = setTimeout(() => void sendNext().catch(sink.end), Math.max(0, dueAt - performance.now()));
  };
  plan();
  sink.closed.addEventListener('abort', () => clearTimeout(timer));
  return (news) => {
    pending.add(news);
    plan();
  };
}

/** All streams send at the same moments: what they have to say is then the same, and is made once. */
function nextBeat(earliestAt: number, gapMs: number): number {
  return Math.ceil(earliestAt / gapMs) * gapMs;
}
