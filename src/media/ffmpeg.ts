import { PassThrough, type Readable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';

/** One run of ffmpeg, as data. Arguments of one element each; nothing of the outside world is among them but paths. */
export interface FfmpegJob {
  inputs: { options: string[]; source: string }[];
  outputOptions: string[];
}

export interface FfmpegLimits {
  signal: AbortSignal;
  timeLimitMs: number;
}

/** ffmpeg could not be started, ended with an error, or was stopped for taking too long. */
export class FfmpegRunError extends Error {
  constructor(
    message: string,
    readonly stderr: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Between SIGTERM, on which ffmpeg ends its files properly, and SIGKILL. */
const GRACE_MS = 80;
const KEPT_LINES = 60;

/**
 * Runs ffmpeg into a file, overwriting it, and gives what it said. Rejects with the signal's reason when it aborts,
 * once the process has ended, and else with FfmpegRunError.
 */
export async function runFfmpeg(
  ffmpegPath: string,
  job: FfmpegJob & { outputPath: string },
  limits: FfmpegLimits & { onLine?: (line: string) => void },
): Promise<string> {
  limits.signal.throwIfAborted();
  const command = createCommand(ffmpegPath, job);
  // With `file:` before it a name is never taken for an option or a protocol; fluent-ffmpeg then leaves -y out.
  command.outputOptions('-y', ...job.outputOptions).output(`file:${job.outputPath}`);
  if (limits.onLine) command.on('stderr', limits.onLine);
  return start(command, limits, GRACE_MS);
}

/**
 * Runs ffmpeg and streams what it makes; the stream fails with FfmpegRunError, or what `toFailure` makes of it, or
 * with the signal's reason. Destroying the stream kills ffmpeg.
 */
export function streamFfmpeg(
  ffmpegPath: string,
  job: FfmpegJob,
  limits: FfmpegLimits & { toFailure?: (error: FfmpegRunError) => Error },
): Readable {
  const out = new PassThrough();
  if (limits.signal.aborted) return out.destroy(limits.signal.reason as Error);
  const stop = new AbortController();
  const onAbort = () => out.destroy(limits.signal.reason as Error);
  limits.signal.addEventListener('abort', onAbort, { once: true });
  out.once('close', () => {
    limits.signal.removeEventListener('abort', onAbort);
    stop.abort(new Error('The stream was closed.'));
  });
  // ffmpeg's exit may be seen before its last bytes, and its bytes end likewise when it was killed: only both
  // together, a good exit and the end of its output, are the end of the stream.
  const drained = new Promise((resolve) => out.once('unpipe', resolve));
  const command = createCommand(ffmpegPath, job);
  command.outputOptions('-y', ...job.outputOptions).output(out, { end: false });
  Promise.all([start(command, { ...limits, signal: stop.signal }, 0), drained]).then(
    () => out.end(),
    (error: Error) =>
      out.destroy(limits.toFailure && error instanceof FfmpegRunError ? limits.toFailure(error) : error),
  );
  return out;
}

function createCommand(ffmpegPath: string, job: FfmpegJob): ffmpeg.FfmpegCommand {
  const command = mend(ffmpeg({ stdoutLines: KEPT_LINES }), ffmpegPath);
  for (const input of job.inputs) {
    // Never the array form: it splits an element that holds one space.
    command.input(input.source).inputOptions('-hide_banner', ...input.options);
  }
  return command;
}

type Done<T> = (error: null, value?: T) => void;
type Ended = (error: unknown, stdout?: Lines, stderr?: Lines) => void;
interface Lines {
  get(): string;
}
type Spawn = (...call: [args: string[], options: object, started: unknown, ended: Ended]) => void;

/**
 * fluent-ffmpeg is archived, so that what it gets wrong stays wrong, and what is replaced here stays where it is.
 * Before each run it starts ffmpeg twice more to list formats and encoders, remembers these and the program's path
 * for the whole process, and misreads the list of an ffmpeg ≥ 6, so that `lavfi` counts as missing: we know all that
 * already. And when a program cannot be started it throws where nothing can catch it, which ends the process.
 */
function mend(command: ffmpeg.FfmpegCommand, ffmpegPath: string): ffmpeg.FfmpegCommand {
  const { _spawnFfmpeg: spawn } = command as unknown as { _spawnFfmpeg: Spawn };
  const nothing: Lines = { get: () => '' };
  return Object.assign(command, {
    _getFfmpegPath: (done: Done<string>) => done(null, ffmpegPath),
    _checkCapabilities: (done: Done<never>) => done(null),
    availableEncoders: (done: Done<object>) => done(null, {}),
    _spawnFfmpeg: (...[args, options, started, ended]: Parameters<Spawn>): void => {
      const endedSafely: Ended = (error, stdout = nothing, stderr = nothing) => ended(error, stdout, stderr);
      try {
        spawn.call(command, args, options, started, endedSafely);
      } catch (error) {
        endedSafely(error);
      }
    },
  });
}

function start(
  command: ffmpeg.FfmpegCommand,
  { signal, timeLimitMs }: FfmpegLimits,
  graceMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let running = false;
    let overdue = false;
    let killTimer: NodeJS.Timeout | undefined;
    const stop = () => {
      if (!running) return;
      if (graceMs > 0) command.kill('SIGTERM');
      killTimer = setTimeout(() => command.kill('SIGKILL'), graceMs);
    };
    const timer = setTimeout(() => {
      overdue = true;
      stop();
    }, timeLimitMs);
    const settle = (error: Error | null, stderr: string | null | undefined) => {
      running = false;
      clearTimeout(timer);
      clearTimeout(killTimer);
      signal.removeEventListener('abort', stop);
      if (signal.aborted) return reject(signal.reason as Error);
      if (!error) return resolve(stderr ?? '');
      const message = overdue ? `ffmpeg took longer than ${timeLimitMs / 1000} s.` : error.message;
      reject(new FfmpegRunError(message, stderr ?? '', { cause: error }));
    };
    signal.addEventListener('abort', stop, { once: true });
    command.once('start', () => {
      running = true;
      if (signal.aborted || overdue) stop();
    });
    command.once('end', (_stdout: unknown, stderr: string | null) => settle(null, stderr));
    command.once('error', (error: Error, _stdout: unknown, stderr?: string | null) => settle(error, stderr));
    command.run();
  });
}
