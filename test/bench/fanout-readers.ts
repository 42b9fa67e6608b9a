/**
 * Readers of one server, in a process of their own: `fanout-readers.ts URL WEBSOCKETS STREAMS STALLED TASKS EPOCH`. It
 * says `ready` when all are subscribed and have seen so many tasks as they were before. `start <ms>` begins to count
 * what comes, `count` says how much that was so far, `stop` prints it all; `drain` lets those that stalled read at
 * last, and prints how many of them the server had cut.
 *
 * A task's progress says when it was set, in ten seconds a percent from EPOCH, the last argument, on.
 */
import { request } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as rest } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { nowMs, quantile } from './figures.js';

/** What came since `start`, by transport; latencies in milliseconds. */
export interface Arrivals {
  ws: Latencies;
  sse: Latencies;
  /** Readers that read, and were cut all the same. */
  cut: number;
}

export interface Latencies {
  count: number;
  p50: number;
  p99: number;
}

interface Shown {
  progress: number;
}

/** One that has stopped reading. */
interface Stalled {
  resume(): void;
  isCut(): boolean;
}

const [url = '', ...numbers] = process.argv.slice(2);
const [webSockets = 0, streams = 0, stalledTotal = 0, taskTotal = 0, epochMs = 0] = numbers.map(Number);
/** A run of up to a quarter of an hour is told apart by 0 to 100 percent. */
const MS_PER_PERCENT = 10_000;
/** Connections that are opened at once. */
const BATCH = 50;
const DRAIN_MS = 3_000;

let startedAtMs = Infinity;
const latencies: Record<'ws' | 'sse', number[]> = { ws: [], sse: [] };
const stalled: Stalled[] = [];
let cutTotal = 0;

function take(via: 'ws' | 'sse', { progress }: Shown): void {
  const sentAtMs = epochMs + progress * MS_PER_PERCENT;
  // Late updates of an earlier run do not count for this one.
  if (sentAtMs >= startedAtMs) latencies[via].push(nowMs() - sentAtMs);
}

const SUBSCRIPTION = `subscription { taskUpdates {
  sequence initial task { id kind title artistNames state progress childCount completedCount failedCount error { message } } } }`;

interface Next {
  type: string;
  payload: { data: { taskUpdates: { initial: boolean; task: Shown } } };
}

/** graphql-transport-ws by hand: a client library would take more of the machine than what is measured. */
function openWebSocket(reads: boolean): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  let cut = false;
  let seen = 0;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    cut = true;
    cutTotal += 1;
  });
  socket.on('open', () => socket.send('{"type":"connection_init"}'));
  return new Promise((resolve) => {
    socket.on('message', (data: Buffer) => {
      const { type, payload } = JSON.parse(data.toString()) as Next;
      if (type === 'connection_ack') {
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: SUBSCRIPTION } }));
      }
      if (type !== 'next') return;
      const { initial, task } = payload.data.taskUpdates;
      if (!initial) return take('ws', task);
      seen += 1;
      if (seen !== taskTotal) return;
      resolve();
      if (reads) return;
      socket.pause();
      stalled.push({ resume: () => socket.resume(), isCut: () => cut });
    });
  });
}

function openStream(reads: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    request(`${url}/api/prgs/stream?active_only=true`, (response) => {
      let cut = false;
      response.on('error', () => undefined);
      response.on('close', () => {
        cut = true;
        cutTotal += 1;
      });
      resolve();
      if (!reads) return stalled.push({ resume: () => response.resume(), isCut: () => cut });
      let pending = '';
      return response.setEncoding('utf8').on('data', (text: string) => {
        const frames = (pending + text).split('\n\n');
        pending = frames.pop() ?? '';
        frames.forEach(takeFrame);
      });
    })
      .on('error', reject)
      .end();
  });
}

function takeFrame(frame: string): void {
  const { initial, tasks } = JSON.parse(frame.slice(frame.indexOf('data: ') + 6)) as {
    initial?: boolean;
    tasks: Shown[];
  };
  if (!initial) for (const task of tasks) take('sse', task);
}

async function openAll(): Promise<void> {
  const kinds = [
    ...Array.from({ length: webSockets }, () => openWebSocket),
    ...Array.from({ length: streams }, () => openStream),
  ];
  const every = Math.round(kinds.length / stalledTotal);
  for (let from = 0; from < kinds.length; from += BATCH) {
    const batch = kinds.slice(from, from + BATCH);
    await Promise.all(batch.map((open, index) => open((from + index) % every !== 0)));
  }
}

function summarise(values: number[]): Latencies {
  return { count: values.length, p50: quantile(values, 0.5), p99: quantile(values, 0.99) };
}

const commands: Record<string, (argument: string) => object | null | Promise<object>> = {
  start: (at) => {
    latencies.ws = [];
    latencies.sse = [];
    startedAtMs = Number(at);
    return null;
  },
  count: () => ({ arrived: latencies.ws.length + latencies.sse.length }),
  stop: () => {
    startedAtMs = Infinity;
    const gone = stalled.filter((reader) => reader.isCut()).length;
    return { ws: summarise(latencies.ws), sse: summarise(latencies.sse), cut: cutTotal - gone };
  },
  drain: async () => {
    for (const reader of stalled) reader.resume();
    await rest(DRAIN_MS);
    return { cut: stalled.filter((reader) => reader.isCut()).length, of: stalled.length };
  },
};

await openAll();
process.stdout.write('"ready"\n');
createInterface({ input: process.stdin }).on('line', (line) => {
  const [name = '', argument = ''] = line.split(' ');
  void Promise.resolve(commands[name]?.(argument)).then((answer) => {
    if (answer) process.stdout.write(`${JSON.stringify(answer)}\n`);
  });
});
