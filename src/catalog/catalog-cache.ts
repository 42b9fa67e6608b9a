import DataLoader from 'dataloader';
import type { Platform } from '../platform.js';
import { messageOf, UpstreamFailedError, UpstreamLimitedError } from '../lib/errors.js';
import { createSharedCalls } from '../lib/async.js';
import { readAnswers, saveAnswer, type StoredAnswer } from './catalog-cache-store.js';

/** What a catalogue is asked. */
export interface Question {
  /** The same text is the same question, in every process. */
  text: string;
  /** How old an answer may be. */
  maxAgeMs: number;
}

/**
 * Answers of catalogues elsewhere, kept in the database. A process asks one question once at a time, whoever waits
 * for it; several processes may each ask it, and the last answer stays. Failures are not kept.
 */
export interface CatalogCache {
  /** @param ask asks the catalogue; its answer is plain data, null for what the catalogue does not have */
  answer<T>(question: Question, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

type Needs = Pick<Platform, 'db' | 'clock' | 'log'>;

/** What a catalogue did not have may be there soon, and looking again costs no more than the first time. */
const MISSING_MAX_AGE_MS = 60_000;
/** Of questions that are looked up in one query. */
const MAX_BATCH = 500;

export function createCatalogCache(deps: Needs): CatalogCache {
  const { db } = deps;
  // Everything that is asked in the same moment is looked up together. Nothing is kept in memory.
  const stored = new DataLoader<string, StoredAnswer | null>((texts) => readAnswers(db, texts), {
    cache: false,
    maxBatchSize: MAX_BATCH,
  });
  const share = createSharedCalls();
  return {
    answer: (question, signal, ask) =>
      share(question.text, signal, async (shared) => {
        const earlier = await stored.load(question.text);
        if (earlier && isFresh(deps, earlier, question)) return JSON.parse(earlier.answer) as never;
        return askAnew(deps, question, { earlier, ask: () => ask(shared) });
      }),
  };
}

/** One from the future was written while the clock was wrong. */
function isFresh({ clock }: Needs, { answer, askedAt }: StoredAnswer, { maxAgeMs }: Question): boolean {
  const ageMs = Math.abs(clock.now().getTime() - askedAt.getTime());
  return ageMs < (answer === 'null' ? Math.min(maxAgeMs, MISSING_MAX_AGE_MS) : maxAgeMs);
}

interface Asking<T> {
  /** Too old, but better than nothing while the catalogue cannot answer. */
  earlier: StoredAnswer | null;
  ask: () => Promise<T>;
}

async function askAnew<T>(deps: Needs, { text }: Question, { earlier, ask }: Asking<T>): Promise<T> {
  const askedAt = deps.clock.now();
  try {
    const answer = await ask();
    await keep(deps, { question: text, answer: JSON.stringify(answer), askedAt });
    return answer;
  } catch (thrown) {
    if (!earlier || earlier.answer === 'null' || !isTheirs(thrown)) throw thrown;
    deps.log.warn(
      { question: text, askedAt: earlier.askedAt, error: messageOf(thrown) },
      'a catalogue does not answer now: it is answered for by what it said before',
    );
    return JSON.parse(earlier.answer) as T;
  }
}

/** Trouble of the catalogue, that is, and no bug of ours and no caller who left. */
function isTheirs(thrown: unknown): boolean {
  return thrown instanceof UpstreamFailedError || thrown instanceof UpstreamLimitedError;
}

/** Whoever asked gets the answer also when it cannot be kept. */
async function keep({ db, log }: Needs, answer: StoredAnswer): Promise<void> {
  await saveAnswer(db, answer).catch((thrown: unknown) => {
    log.warn(
      { question: answer.question, error: messageOf(thrown) },
      'an answer of a catalogue is not kept: it will be asked again',
    );
  });
}
