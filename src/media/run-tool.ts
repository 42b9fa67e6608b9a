import { spawn } from 'node:child_process';

export interface ToolLimits {
  signal: AbortSignal;
  timeLimitMs: number;
  /** Of standard output; a tool that prints more is killed. */
  maxOutputBytes: number;
}

export interface ToolResult {
  exitCode: number | null;
  stdout: string;
  /** The last 16 KiB. */
  stderr: string;
  /** Why the tool was killed; null when it ended by itself. */
  killedFor: 'time' | 'output' | null;
}

const KEPT_STDERR_BYTES = 16_384;

/**
 * Runs a program to its end, without a shell and without standard input, and gives what it printed. Rejects with
 * the signal's reason when it aborts (the program has ended by then), and with the system's error when the
 * program cannot be started.
 */
export function runTool(path: string, args: string[], limits: ToolLimits): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    if (limits.signal.aborted) return reject(limits.signal.reason as Error);
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    const stdout: Buffer[] = [];
    let stdoutBytes = 0;
    let stderr = '';
    let killedFor: ToolResult['killedFor'] = null;
    const kill = () => void child.kill('SIGKILL');
    const killFor = (why: 'time' | 'output') => {
      killedFor = why;
      kill();
    };
    const timer = setTimeout(killFor, limits.timeLimitMs, 'time');
    limits.signal.addEventListener('abort', kill, { once: true });
    const settle = () => {
      clearTimeout(timer);
      limits.signal.removeEventListener('abort', kill);
    };
    child.stdout.on('data', (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes > limits.maxOutputBytes) return killFor('output');
      stdout.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-KEPT_STDERR_BYTES);
    });
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('close', (exitCode) => {
      settle();
      if (limits.signal.aborted) return reject(limits.signal.reason as Error);
      resolve({ exitCode, stdout: Buffer.concat(stdout).toString(), stderr, killedFor });
    });
  });
}
