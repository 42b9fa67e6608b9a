import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A Node process that the bench started. */
export interface BenchProcess {
  /** Resident memory, in bytes. */
  rssBytes(): number;
  /** Time that it has had of a processor, in milliseconds: what others do on the machine does not lengthen it. */
  cpuMs(): number;
  /** Whether it still runs. */
  alive(): boolean;
  /** Asks it to end, and waits until it has. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface Launch<Ready> {
  /** What `node` is given: options, script, arguments. */
  args: string[];
  env: Record<string, string>;
  /** What a line of its output says of its being ready; undefined when it says nothing of that. */
  ready: (line: string) => Ready | undefined;
}

/** Starts it, and resolves when it says that it is ready. What it says after that is read and forgotten. */
export function launch<Ready>({
  args,
  env,
  ready,
}: Launch<Ready>): Promise<{ process: BenchProcess; ready: Ready }> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const handle: BenchProcess = {
    rssBytes: () => rssOf(child.pid ?? 0),
    cpuMs: () => cpuOf(child.pid ?? 0),
    alive: () => child.exitCode === null && child.signalCode === null,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return over;
    },
  };
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`${args.join(' ')} ended: ${code ?? signal}.`)));
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      const said = ready(line);
      if (said === undefined) return;
      // Parsing a log line for each request would take time from what is measured.
      lines.close();
      child.stdout.resume();
      resolve({ process: handle, ready: said });
    });
  });
}

function rssOf(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1024;
}

/** Clock ticks are hundredths of a second on Linux. */
const TICK_MS = 10;

function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the command, in brackets, may hold anything; user and system time are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
