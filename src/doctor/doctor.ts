import { EnvError, type Env } from '../env.js';
import { checkRuntime } from '../lib/runtime.js';
import type { Redact } from '../lib/secrets.js';
import { checkDatabases } from './databases.js';
import { checkDirectories } from './directories.js';
import { failed, ok, type Finding } from './finding.js';
import { checkMedia } from './media.js';
import { checkNetwork } from './network.js';

interface DoctorOptions {
  readEnv(): Env;
  redact: Redact;
  stop: AbortSignal;
  json: boolean;
}

/**
 * Checks what a start needs and prints a line for each. Leaves nothing behind: what it writes to see whether it can, it
 * removes. The status is 1 when a check has failed.
 */
export async function runDoctor({ readEnv, redact, stop, json }: DoctorOptions): Promise<number> {
  const found = await examine(readEnv, stop);
  const findings = found.map((each) => ({ ...each, message: redact(each.message).replaceAll('\n', ' ') }));
  const failures = findings.filter(({ state }) => state === 'failed').length;
  if (json) print(JSON.stringify({ ok: failures === 0, checks: findings }, null, 2));
  else for (const line of toLines(findings, failures)) print(line);
  return failures === 0 ? 0 : 1;
}

async function examine(readEnv: () => Env, stop: AbortSignal): Promise<Finding[]> {
  const runtime = checkRuntime().map(({ name, ok: isGood, message }) =>
    isGood ? ok(name, message) : failed(name, message),
  );
  const environment = parse(readEnv);
  // Defaults in place of what is wrong would say nothing about the start.
  if (Array.isArray(environment)) return [...runtime, ...environment];
  const findings = [...runtime, ok('environment', 'All variables are valid.')];
  for (const examineMore of [checkDirectories, checkDatabases, checkMedia, checkNetwork]) {
    stop.throwIfAborted();
    findings.push(...(await examineMore(environment, stop)));
  }
  return findings;
}

function parse(readEnv: () => Env): Env | Finding[] {
  try {
    return readEnv();
  } catch (thrown) {
    if (!(thrown instanceof EnvError)) throw thrown;
    return thrown.mistakes.map((mistake) => failed('environment', mistake));
  }
}

function toLines(findings: readonly Finding[], failures: number): string[] {
  const lines = findings.map(({ state, name, message }) => `${state.padEnd(8)} ${name}: ${message}`);
  const count = failures === 1 ? 'One check has' : `${failures} checks have`;
  return [...lines, '', failures === 0 ? 'Reprise has what it needs.' : `${count} failed.`];
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
