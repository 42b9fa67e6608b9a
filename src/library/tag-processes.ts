import { fork, type StdioOptions } from 'node:child_process';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createDeferred, type Deferred } from '../lib/async.js';
import { DomainError } from '../lib/errors.js';
import { UnreadableTagsError, type RawTags } from './raw-tags.js';

export interface TagRequest {
  kind: 'tags' | 'cover';
  path: string;
}

export type TagReply =
  | 'ready'
  | { tags: RawTags | null }
  | { cover: Uint8Array | null }
  /** `fault`: the file is at fault. */
  | { failure: { message: string; code: string | null; fault: boolean } };

/** Two readers of a scan, and one for downloads. */
const MAX_PROCESSES = 3;
/** For one file: a network disk that hangs would take forever. */
const TIME_LIMIT_MS = 60_000;
/** Each has some 60 MB, which an idle server does not keep. */
const IDLE_MS = 10_000;
const MAX_HEAP_MB = 160;

/** The process cannot be had; says nothing about the file. */
class TagProcessError extends DomainError {
  readonly code = 'SOURCE_FAILED';
  override readonly retryable = true;
}

class ProcessEndedError extends UnreadableTagsError {}

/**
 * Files from outside are parsed in processes that can be killed: in a thread, memory outside the heap has no limit, and
 * running out of memory may end the server. Pools from npm keep a process that has died for the next call, stop their
 * queue with it, or leave it a second of grace.
 */
export function createTagProcesses() {
  const slots = createSlots(MAX_PROCESSES);
  const processes = createProcesses();

  const attempt = async (request: TagRequest, signal: AbortSignal, fresh: boolean): Promise<TagReply> => {
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
  /** A process may have been killed from outside, or grown with earlier files: the second is new. */
  const ask = async (request: TagRequest, signal: AbortSignal): Promise<TagReply> => {
    await slots.take();
    try {
      return await attempt(request, signal, false).catch((error: unknown) => {
        if (!(error instanceof ProcessEndedError)) throw error;
        return attempt(request, signal, true);
      });
    } finally {
      slots.release();
    }
  };
  return {
    async readTags(path: string, signal: AbortSignal): Promise<RawTags | null> {
      const reply = await ask({ kind: 'tags', path }, signal);
      return typeof reply === 'object' && 'tags' in reply ? reply.tags : fail(reply);
    },
    async readCover(path: string, signal: AbortSignal): Promise<Uint8Array | null> {
      const reply = await ask({ kind: 'cover', path }, signal);
      return typeof reply === 'object' && 'cover' in reply ? reply.cover : fail(reply);
    },
    /** Rejects what runs and what waits. */
    stop: () => processes.stop(),
  };
}

function createProcesses() {
  const idle = new Map<TagProcess, NodeJS.Timeout>();
  const busy = new Set<TagProcess>();
  let stopped = false;

  const discard = (ended: TagProcess) => {
    clearTimeout(idle.get(ended));
    idle.delete(ended);
    busy.delete(ended);
    ended.kill();
  };
  return {
    discard,
    take({ fresh }: { fresh: boolean }): TagProcess {
      if (stopped) throw new TagProcessError('The server is stopping.');
      const [waiting] = fresh ? [] : idle.keys();
      const taken = waiting ?? startProcess(discard);
      clearTimeout(idle.get(taken));
      idle.delete(taken);
      busy.add(taken);
      return taken;
    },
    keep(used: TagProcess): void {
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

function fail(reply: TagReply): never {
  if (typeof reply !== 'object' || !('failure' in reply)) throw new TagProcessError('An unexpected reply.');
  const { message, code, fault } = reply.failure;
  if (fault) throw new UnreadableTagsError(message);
  throw Object.assign(new Error(message), code === null ? {} : { code });
}

interface TagProcess {
  /** One request at a time. Rejects with the signal's reason; the caller then kills it. */
  ask(request: TagRequest, signal: AbortSignal): Promise<TagReply>;
  kill(): void;
}

function startProcess(onEnd: (ended: TagProcess) => void): TagProcess {
  const child = fork(SCRIPT, { execArgv: EXEC_ARGV, serialization: 'advanced', stdio: STDIO });
  const start = createDeferred<void>();
  let ready = false;
  let answer: Deferred<TagReply> | null = null;
  const end = (error: Error) => {
    answer?.reject(error);
    onEnd(started);
  };
  child.on('message', (message) => {
    const reply = message as TagReply;
    if (reply !== 'ready') return answer?.resolve(reply);
    ready = true;
    start.resolve();
  });
  child.on('error', (cause) => end(new TagProcessError('Tags cannot be read.', { cause })));
  child.on('exit', (code, signal) => end(ready ? endedBy(signal ?? code) : notStarted(signal ?? code)));
  const started: TagProcess = {
    async ask(request, signal) {
      const reply = createDeferred<TagReply>();
      answer = reply;
      const abort = () => reply.reject(signal.reason);
      const late = () => reply.reject(ready ? new UnreadableTagsError(TOO_SLOW) : notStarted('too slow'));
      const timer = setTimeout(late, TIME_LIMIT_MS);
      signal.addEventListener('abort', abort, { once: true });
      // Not before its memory is watched.
      void start.promise.then(() => child.send(request, (error) => error && child.kill('SIGKILL')));
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

const TOO_SLOW = `Reading its tags took longer than ${TIME_LIMIT_MS / 1000} s.`;

const endedBy = (how: string | number | null) =>
  new ProcessEndedError(`Reading its tags took too much memory, or crashed the reader (${how}).`);

const notStarted = (how: string | number | null) =>
  new TagProcessError(`The process that reads tags did not start (${how}).`);

/** Beside this file, whatever that has become: a source, compiled, or part of a bundle. */
const EXTENSION = extname(fileURLToPath(import.meta.url));
const SCRIPT = fileURLToPath(new URL(`./tag-worker${EXTENSION}`, import.meta.url));
const LOADER = EXTENSION === '.ts' ? ['--import', pathToFileURL(tsx()).href] : [];
const EXEC_ARGV = [`--max-old-space-size=${MAX_HEAP_MB}`, ...LOADER];
const STDIO: StdioOptions = ['ignore', 'ignore', 'ignore', 'ipc'];

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
