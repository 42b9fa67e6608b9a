import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Said } from '../fixtures/embedded-process.js';
import { onLine, spawnProgram } from './child-programs.js';
import { waitFor } from './wait-for.js';

export interface EmbeddedProcess {
  process: ChildProcess;
  /** Its output so far. */
  said: Said[];
  /** The messages that it has logged. */
  logged: string[];
  /** The first of these that it prints, now or later. */
  until<Event extends Said['event']>(...events: Event[]): Promise<Extract<Said, { event: Event }>>;
  tell(command: 'write' | 'stop'): void;
  kill(): Promise<void>;
}

/** Starts another process with an embedded database in `dataDir`. */
export function startEmbeddedProcess(
  dataDir: string,
  options: SpawnOptions & { passwd?: string } = {},
): EmbeddedProcess {
  const child = spawnProgram('embedded-process', [dataDir], {
    ...options,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const said: Said[] = [];
  let stderr = '';
  const logged: string[] = [];
  onLine(child, (line) => {
    const printed = JSON.parse(line) as Said | { msg: string };
    if ('msg' in printed) logged.push(printed.msg);
    else said.push(printed);
  });
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return {
    process: child,
    said,
    logged,
    until: (...events) =>
      waitFor(
        () => {
          const found = said.find(({ event }) => (events as string[]).includes(event));
          if (!found && child.exitCode !== null) return `ended with ${child.exitCode}: ${stderr}`;
          return found as Extract<Said, { event: (typeof events)[number] }> | undefined;
        },
        { timeoutMs: 40_000, what: `the process to say ${events.join(' or ')}` },
      ).then((found) => {
        if (typeof found === 'string') throw new Error(found);
        return found;
      }),
    tell: (command) => child.stdin?.write(`${command}\n`),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
