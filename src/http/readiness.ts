import { messageOf } from '../lib/errors.js';

export interface CheckResult {
  ok: boolean;
  /** Why not, or a number worth seeing. */
  detail?: string;
}

export type Check = () => Promise<CheckResult>;

export interface Readiness {
  status: 'ready' | 'not ready';
  checks: Record<string, CheckResult>;
}

export interface ReadinessOptions {
  /** How long one check may take. */
  timeoutMs?: number;
  /** How long an answer holds, so that being asked often costs nothing. */
  cacheMs?: number;
}

/** Asks all checks at once. Those who ask in the meantime, or shortly after, share the answer. */
export function createReadiness(
  checks: Readonly<Record<string, Check>>,
  { timeoutMs = 2_000, cacheMs = 1_000 }: ReadinessOptions = {},
): () => Promise<Readiness> {
  let answer: Promise<Readiness> | null = null;
  const ask = async (): Promise<Readiness> => {
    const entries = Object.entries(checks);
    const results = await Promise.all(
      entries.map(async ([name, check]) => [name, await runCheck(check, timeoutMs)] as const),
    );
    const ready = results.every(([, result]) => result.ok);
    return { status: ready ? 'ready' : 'not ready', checks: Object.fromEntries(results) };
  };
  return () => {
    if (answer) return answer;
    answer = ask().finally(() => {
      setTimeout(() => {
        answer = null;
      }, cacheMs).unref();
    });
    return answer;
  };
}

async function runCheck(check: Check, timeoutMs: number): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: `no answer within ${timeoutMs} ms` }), timeoutMs);
  });
  try {
    return await Promise.race([check(), tooLate]);
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
