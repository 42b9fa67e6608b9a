import type { Database } from '../database/prisma.js';
import { delay } from '../lib/async.js';
import { UpstreamDownError, UpstreamLimitedError } from '../lib/errors.js';
import type { Logger } from '../lib/logger.js';
import type { Redact } from '../lib/secrets.js';
import {
  abandonProbe,
  blockRequests,
  explainRefusal,
  isBlocked,
  noteFailure,
  noteSuccess,
  stampError,
  stampSuccess,
  takeSlot,
  type LimitKey,
  type LimitRules,
  type Refusal,
  type TakenSlot,
} from './request-limit-store.js';

/** One for each provider and account. Together, the gates of all processes keep its limits. */
export interface RequestGate {
  /** Resolves when a request may be sent, which is then one of the window. Throws Upstream… errors (lib/errors.ts). */
  enter(signal: AbortSignal): Promise<Turn>;
}

/** Exactly one of these follows a request. */
export interface Turn {
  succeeded(): Promise<void>;
  /** Returns how long no request is sent. @param retryAfterMs as the provider says; null when it does not say */
  limited(retryAfterMs: number | null): Promise<number>;
  failed(message: string): Promise<void>;
  /** The response is of no use, and would be so again; the next one may be. */
  unusable(message: string): Promise<void>;
  /** Ended by the caller, which says nothing about the provider. */
  abandoned(): Promise<void>;
}

export interface GateOptions extends LimitKey {
  /** In messages. */
  displayName: string;
  rules: LimitRules;
}

/** How soon those who wait for the request that follows a block look again. */
const PROBE_POLL_MS = 100;
const PROBE_RETRY_MS = 2_000;
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/** Successes in between are not written. */
const STAMP_EVERY_MS = 5_000;
const MAX_MESSAGE = 300;

interface GateDeps {
  db: Database;
  log: Logger;
  /** Takes secrets out of the messages that are kept. */
  redact: Redact;
}

export function createRequestGate(deps: GateDeps, { displayName, rules, ...key }: GateOptions): RequestGate {
  const { db } = deps;
  const stamp = createStamp(() => stampSuccess(db, key));
  return {
    async enter(signal) {
      const endsAtMs = performance.now() + rules.patienceMs;
      for (;;) {
        signal.throwIfAborted();
        const patienceMs = Math.max(0, endsAtMs - performance.now());
        const left = { ...rules, patienceMs };
        const slot = await takeSlot(db, key, left);
        if (slot) {
          const turn = turnOf(deps, slot, { displayName, rules, key, stamp });
          if (await hasCome(turn, slot, { signal, isBlocked: () => isBlocked(db, key) })) return turn;
        } else {
          const refusal = await explainRefusal(db, key, left);
          if (refusal) await waitOut(refusal, { displayName, patienceMs, signal });
        }
      }
    },
  };
}

/** At most once in a while, but at once after an error. */
function createStamp(write: () => Promise<void>) {
  let writtenAtMs = -Infinity;
  return {
    write: async () => {
      const now = performance.now();
      if (now - writtenAtMs < STAMP_EVERY_MS) return;
      writtenAtMs = now;
      await write();
    },
    reset: () => {
      writtenAtMs = -Infinity;
    },
  };
}

interface TurnOptions {
  displayName: string;
  rules: LimitRules;
  key: LimitKey;
  stamp: ReturnType<typeof createStamp>;
}

function turnOf(
  { db, log, redact }: GateDeps,
  { isTroubled, isProbe }: TakenSlot,
  { displayName, rules, key, stamp }: TurnOptions,
): Turn {
  const kept = (message: string): string => {
    stamp.reset();
    return redact(message).slice(0, MAX_MESSAGE);
  };
  return {
    succeeded: () => (isTroubled ? noteSuccess(db, key) : stamp.write()),
    limited: async (retryAfterMs) => {
      const knownMs = retryAfterMs === null ? null : Math.min(retryAfterMs, MAX_RETRY_AFTER_MS);
      const message = kept(`${displayName} limits requests.`);
      const blockMs = await blockRequests(db, key, { rules, retryAfterMs: knownMs, message });
      log.warn({ ...key, retryAfterMs: knownMs, blockMs: Math.round(blockMs) }, 'provider limits requests');
      return blockMs;
    },
    failed: (message) => noteFailure(db, key, { rules, message: kept(message) }),
    unusable: (message) => stampError(db, key, kept(message)),
    abandoned: async () => {
      if (isProbe) await abandonProbe(db, key);
    },
  };
}

/** False when a block has begun before the time of the slot came. */
async function hasCome(
  turn: Turn,
  { waitMs }: TakenSlot,
  { signal, isBlocked }: { signal: AbortSignal; isBlocked: () => Promise<boolean> },
): Promise<boolean> {
  if (waitMs <= 0) return true;
  try {
    await delay(waitMs, signal);
  } catch (thrown) {
    await turn.abandoned();
    throw thrown;
  }
  return !(await isBlocked());
}

async function waitOut(
  { cause, waitMs }: Refusal,
  { displayName, patienceMs, signal }: { displayName: string; patienceMs: number; signal: AbortSignal },
): Promise<void> {
  if (cause === 'PROBE' && patienceMs > 0) return delay(Math.min(PROBE_POLL_MS, waitMs), signal);
  // How long that request takes is not known, but hardly as long as it may.
  if (cause === 'PROBE') throw new UpstreamLimitedError(displayName, Math.min(PROBE_RETRY_MS, waitMs));
  if (waitMs <= patienceMs) return delay(waitMs, signal);
  if (cause !== 'FAILED') throw new UpstreamLimitedError(displayName, waitMs);
  throw new UpstreamDownError(displayName, waitMs);
}

/** RFC 9110, 10.2.3: seconds or a date, which is compared with the clock of its own server. Null for anything else. */
export function parseRetryAfter(headers: Headers, now: Date): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  // A date has a month in it; Date.parse would take "-5" and "1e3" for years.
  const dateMs = /[A-Za-z]{3}/.test(text) ? Date.parse(text) : NaN;
  const serverMs = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(dateMs)
    ? null
    : Math.max(0, dateMs - (Number.isNaN(serverMs) ? now.getTime() : serverMs));
}
