import { PassThrough, type Readable } from 'node:stream';
import ffmpeg from 'fluent-ffmpeg';

/** No playlists, concatenations or image sequences: they make ffmpeg open files that the supplier chose. */
const DEMUXERS =
  'aac,ac3,aiff,amr,ape,asf,au,caf,dsf,dts,eac3,flac,iff,matroska,webm,mlp,mov,mp3,mpc,mpc8,ogg,rm,shn,tak,truehd,tta,voc,w64,wav,wv';

/** Options of ffmpeg and ffprobe for every file from outside: audio formats only, and no network. */
export const GUARDED_INPUT = ['-protocol_whitelist', 'file,pipe', '-format_whitelist', DEMUXERS];

export interface FfmpegJob {
  inputs: { options: string[]; source: string }[];
  outputOptions: string[];
}

interface FfmpegLimits {
  signal: AbortSignal;
  timeLimitMs: number;
}

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

/** Overwrites the file; resolves with stderr. Rejects once an aborted process has ended. */
export async function runFfmpeg(
  ffmpegPath: string,
  job: FfmpegJob & { outputPath: string },
  limits: FfmpegLimits & { onLine?: (line: string) => void },
): Promise<string> {
  limits.signal.throwIfAborted();
  const command = createCommand(ffmpegPath, job);
  // With `file:` a name is never taken for an option or a protocol; fluent-ffmpeg then omits -y.
  command.outputOptions('-y', ...job.outputOptions).output(`file:${job.outputPath}`);
  if (limits.onLine) command.on('stderr', limits.onLine);
  return start(command, limits, GRACE_MS);
}

/** Fails with the signal's reason, or an FfmpegRunError that `toFailure` converts. Destroy kills ffmpeg. */
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
  // ffmpeg's exit may come before its last bytes, and its output also ends when it is killed.
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
  const command = patchCommand(ffmpeg({ stdoutLines: KEPT_LINES }), ffmpegPath);
  for (const input of job.inputs) {
    // Not the array form, which splits an element at a single space.
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
 * fluent-ffmpeg (archived) lists formats before each run and misreads those of ffmpeg ≥ 6 (no `lavfi`),
 * caches for the whole process, and throws where nothing can catch it when a program does not start.
 */
function patchCommand(command: ffmpeg.FfmpegCommand, ffmpegPath: string): ffmpeg.FfmpegCommand {
  const { _spawnFfmpeg: spawn } = command as ffmpeg.FfmpegCommand & { _spawnFfmpeg: Spawn };
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
        // After the event of a program that was not started, which says why: such a child has no streams to listen to.
        setImmediate(endedSafely, error);
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
    const finish = (error: Error | null, stderr: string | null | undefined) => {
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
    command.once('end', (_stdout: unknown, stderr: string | null) => finish(null, stderr));
    command.once('error', (error: Error, _stdout: unknown, stderr?: string | null) => finish(error, stderr));
    command.run();
  });
}
