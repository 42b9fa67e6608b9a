import { fork, type Serializable, type StdioOptions } from 'node:child_process';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createDeferred, type Deferred } from './async.js';
import { describeFileLimit } from './disk-errors.js';
import type { WorkerMessage } from './worker-process.js';

export interface PoolOptions {
  /** Without its extension, beside the module that names it: a source, compiled, or part of a bundle. */
  script: { name: string; besideUrl: string };
  maxProcesses: number;
  /** For one request: a network disk that hangs would take forever. */
  timeLimitMs: number;
  errors: {
    tooSlow(limitMs: number): Error;
    /** The process ended with a request in it, the second one too. */
    ended(how: string | number | null): Error;
    /** No process can be had, which says nothing about the request. */
    unavailable(message: string, options?: { cause?: unknown }): Error;
  };
}

export interface ProcessPool<Request, Reply> {
  ask(request: Request, signal: AbortSignal): Promise<Reply>;
  /** Rejects what runs and what waits. */
  stop(): void;
}

const START_LIMIT_MS = 60_000;
/** Each has some 60 MB, which an idle server does not keep. */
const IDLE_MS = 10_000;
const MAX_HEAP_MB = 160;

class ProcessEndedError extends Error {
  constructor(readonly how: string | number | null) {
    super('The process ended.');
  }
}

/**
 * Files from outside are parsed in processes that can be killed: in a thread, memory outside the heap has no limit, and
 * running out of memory may end the server. Pools from npm keep a process that has died for the next call, stop their
 * queue with it, or leave it a second of grace.
 */
export function createProcessPool<Request extends Serializable, Reply>(
  options: PoolOptions,
): ProcessPool<Request, Reply> {
  const slots = createSlots(options.maxProcesses);
  const processes = createProcesses<Request, Reply>(options);

  const attempt = async (request: Request, signal: AbortSignal, fresh: boolean): Promise<Reply> => {
    signal.throwIfAborted();
    const taken = processes.take({ fresh });
    try {
      const reply = await taken.ask(request, signal);
      processes.keep(taken);
      return reply;
    } catch (error) {
      processes.discard(taken);
      throw error;
    }
  };
  return {
    /** A process may have been killed from outside, or grown with earlier files: the second is new. */
    async ask(request, signal) {
      await slots.take();
      try {
        return await attempt(request, signal, false).catch((error: unknown) => {
          if (!(error instanceof ProcessEndedError)) throw error;
          return attempt(request, signal, true);
        });
      } catch (error) {
        throw error instanceof ProcessEndedError ? options.errors.ended(error.how) : error;
      } finally {
        slots.release();
      }
    },
    stop: () => processes.stop(),
  };
}

function createProcesses<Request extends Serializable, Reply>(options: PoolOptions) {
  type Worker = WorkerProcess<Request, Reply>;
  const idle = new Map<Worker, NodeJS.Timeout>();
  const busy = new Set<Worker>();
  let stopped = false;

  const discard = (ended: Worker) => {
    clearTimeout(idle.get(ended));
    idle.delete(ended);
    busy.delete(ended);
    ended.kill();
  };
  return {
    discard,
    take({ fresh }: { fresh: boolean }): Worker {
      if (stopped) throw options.errors.unavailable('The server is stopping.');
      const [waiting] = fresh ? [] : idle.keys();
      const taken = waiting ?? startProcess<Request, Reply>(options, discard);
      clearTimeout(idle.get(taken));
      idle.delete(taken);
      busy.add(taken);
      return taken;
    },
    keep(used: Worker): void {
      busy.delete(used);
      if (stopped) used.kill();
      else idle.set(used, setTimeout(discard, IDLE_MS, used).unref());
    },
    stop(): void {
      stopped = true;
      for (const each of [...idle.keys(), ...busy]) discard(each);
    },
  };
}

interface WorkerProcess<Request, Reply> {
  /** One request at a time. Rejects with the signal's reason; the caller then kills it. */
  ask(request: Request, signal: AbortSignal): Promise<Reply>;
  kill(): void;
}

function startProcess<Request extends Serializable, Reply>(
  { script, timeLimitMs, errors }: PoolOptions,
  onEnd: (ended: WorkerProcess<Request, Reply>) => void,
): WorkerProcess<Request, Reply> {
  const child = fork(...commandFor(script));
  const start = createDeferred<void>();
  let ready = false;
  let answer: Deferred<Reply> | null = null;
  const notStarted = (how: string | number | null) =>
    errors.unavailable(`The process "${script.name}" did not start (${how}).`);
  const end = (error: Error) => {
    answer?.reject(error);
    onEnd(started);
  };
  child.on('message', (received) => {
    const message = received as WorkerMessage<Reply>;
    if ('reply' in message) return answer?.resolve(message.reply);
    ready = true;
    start.resolve();
  });
  child.on('error', (cause) =>
    end(
      describeFileLimit(cause) === null
        ? errors.unavailable(`The process "${script.name}" cannot be used.`, { cause })
        : cause,
    ),
  );
  child.on('exit', (code, signal) =>
    end(ready ? new ProcessEndedError(signal ?? code) : notStarted(signal ?? code)),
  );
  const started: WorkerProcess<Request, Reply> = {
    async ask(request, signal) {
      const reply = createDeferred<Reply>();
      answer = reply;
      const abort = () => reply.reject(signal.reason);
      let timer = setTimeout(() => reply.reject(notStarted('too slow')), START_LIMIT_MS);
      signal.addEventListener('abort', abort, { once: true });
      // Not before its memory is watched.
      void start.promise.then(() => {
        if (answer !== reply) return;
        clearTimeout(timer);
        timer = setTimeout(() => reply.reject(errors.tooSlow(timeLimitMs)), timeLimitMs);
        child.send(request, (error) => error && child.kill('SIGKILL'));
      });
      return reply.promise.finally(() => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        answer = null;
      });
    },
    kill: () => void child.kill('SIGKILL'),
  };
  return started;
}

const STDIO: StdioOptions = ['ignore', 'ignore', 'ignore', 'ipc'];

function commandFor({ name, besideUrl }: PoolOptions['script']): Parameters<typeof fork> {
  const extension = extname(fileURLToPath(besideUrl));
  const path = fileURLToPath(new URL(`./${name}${extension}`, besideUrl));
  const loader = extension === '.ts' ? ['--import', pathToFileURL(tsx()).href] : [];
  const execArgv = [`--max-old-space-size=${MAX_HEAP_MB}`, ...loader];
  return [path, [], { execArgv, serialization: 'advanced', stdio: STDIO }];
}

function tsx(): string {
  return createRequire(import.meta.url).resolve('tsx');
}

function createSlots(count: number) {
  const waiting: Deferred<void>[] = [];
  let free = count;
  return {
    async take(): Promise<void> {
      if (free === 0) {
        const turn = createDeferred<void>();
        waiting.push(turn);
        return turn.promise;
      }
      free -= 1;
    },
    release(): void {
      const next = waiting.shift();
      if (next) next.resolve();
      else free += 1;
    },
  };
}
