import { type ChildProcess, spawn } from 'node:child_process';

export interface ToolLimits {
  signal: AbortSignal;
  timeLimitMs: number;
  maxOutputBytes: number;
}

interface ToolResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
  killedFor: 'time' | 'output' | null;
}

const KEPT_STDERR_BYTES = 16_384;

/** Without a shell or stdin. Rejects with the signal's reason once an aborted program has ended. */
export function runTool(path: string, args: string[], limits: ToolLimits): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    if (limits.signal.aborted) return reject(limits.signal.reason as Error);
    const child: ChildProcess = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
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
    const cleanUp = () => {
      clearTimeout(timer);
      limits.signal.removeEventListener('abort', kill);
    };
    // Without a free file descriptor the child has no streams, and its error follows.
    child.stdout?.on('data', (chunk: Buffer) => {
      stdoutBytes += chunk.length;
      if (stdoutBytes > limits.maxOutputBytes) return killFor('output');
      stdout.push(chunk);
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-KEPT_STDERR_BYTES);
    });
    child.once('error', (error) => {
      cleanUp();
      reject(error);
    });
    child.once('close', (exitCode) => {
      cleanUp();
      if (limits.signal.aborted) return reject(limits.signal.reason as Error);
      resolve({ exitCode, stdout: Buffer.concat(stdout).toString(), stderr, killedFor });
    });
  });
}
