import { createPendingChanges, type Change } from './pending-changes.js';
import type { RestTiming } from './route.js';
import type { Following } from './run-document.js';
import { createEventSink, type EventSink } from './sse.js';

interface LiveStream<Value> {
  first: object;
  /** Where a client that has received only the first message resumes. */
  cursor: string;
  /** Starts the sources of changes. */
  follow(listener: (change: Change<Value>) => void): Promise<Following[]>;
  /** The message about these values; a heartbeat without values. */
  describe(values: Value[]): Promise<object>;
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  timing: Pick<RestTiming, 'messageGapMs' | 'heartbeatMs'>;
}

/**
 * Starts with a snapshot, then sends changes, no more often than clients are promised. Ends when one of its sources
 * does; the client reconnects and resumes.
 */
export async function openLiveStream<Value>({ first, ...live }: LiveStream<Value>): Promise<EventSink> {
  const sink = createEventSink();
  sink.send(first, live.cursor);
  const add = sendInTurn(live, sink);
  const sources = await live.follow(add);
  for (const { ended } of sources) void ended.then(sink.end, sink.end);
  const stopSources = () => sources.forEach(({ stop }) => stop());
  if (sink.closed.aborted) stopSources();
  sink.closed.addEventListener('abort', stopSources);
  live.signal.addEventListener('abort', sink.end);
  if (live.signal.aborted) sink.end();
  return sink;
}

/** Collects changes and sends them when the next message is due. Returns the function that adds one. */
function sendInTurn<Value>(
  live: Omit<LiveStream<Value>, 'first'>,
  sink: EventSink,
): (change: Change<Value>) => void {
  const { messageGapMs, heartbeatMs } = live.timing;
  const pending = createPendingChanges<Value>();
  let sentAt = performance.now();
  let describing = false;
  let timer: NodeJS.Timeout | undefined;

  const sendNext = async () => {
    describing = true;
    const { values, cursor } = pending.take();
    sink.send(await live.describe(values), cursor);
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
  return (change) => {
    pending.add(change);
    plan();
  };
}

/** All streams send at the same moments, so that one message serves many of them. */
function nextBeat(earliestAt: number, gapMs: number): number {
  return Math.ceil(earliestAt / gapMs) * gapMs;
}
