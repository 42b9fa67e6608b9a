import { withTimeout } from '../lib/async.js';
import { messageOf } from '../lib/errors.js';

export interface CheckResult {
  ok: boolean;
  detail?: string;
}

export type Check = () => Promise<CheckResult>;

export interface Readiness {
  status: 'ready' | 'not ready';
  checks: Record<string, CheckResult>;
}

interface ReadinessOptions {
  timeoutMs?: number;
  cacheMs?: number;
}

/** Concurrent requests share the result, and so do those shortly after. */
export function createReadiness(
  checks: Readonly<Record<string, Check>>,
  { timeoutMs = 2_000, cacheMs = 1_000 }: ReadinessOptions = {},
): () => Promise<Readiness> {
  let cached: Promise<Readiness> | null = null;
  const runAll = async (): Promise<Readiness> => {
    const entries = Object.entries(checks);
    const results = await Promise.all(
      entries.map(async ([name, check]) => [name, await runCheck(check, timeoutMs)] as const),
    );
    const ready = results.every(([, result]) => result.ok);
    return { status: ready ? 'ready' : 'not ready', checks: Object.fromEntries(results) };
  };
  return () => {
    cached ??= runAll().finally(() => {
      setTimeout(() => {
        cached = null;
      }, cacheMs).unref();
    });
    return cached;
  };
}

async function runCheck(check: Check, timeoutMs: number): Promise<CheckResult> {
  try {
    return await withTimeout(check(), timeoutMs);
  } catch (thrown) {
    return { ok: false, detail: messageOf(thrown) };
  }
}
