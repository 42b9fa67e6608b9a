import type { AudioSource } from '../../src/catalog/audio-source.js';
import { NoSourceError } from '../../src/downloads/errors.js';
import { createDeferred, type Deferred } from '../../src/lib/async.js';
import { LibraryFileError } from '../../src/library/library-roots.js';

/**
 * A source that a test steers, track by track. Tracks that it was told nothing about are left to the other
 * sources, and so is a held one once it is released.
 */
export interface SteeredSource extends AudioSource {
  /** Its task stays RUNNING until `release`. */
  hold(itemId: string): void;
  release(itemId: string): void;
  releaseAll(): void;
  /** Its task fails, for good or to be tried again. */
  fail(itemId: string, options?: { retryable: boolean }): void;
  /** It succeeds again. */
  heal(itemId: string): void;
  /** The paused tracks that have been requested and not aborted. */
  readonly waiting: ReadonlySet<string>;
}

export function createSteeredSource(): SteeredSource {
  const held = new Map<string, Deferred<void>>();
  const failing = new Map<string, Error>();
  const waiting = new Set<string>();
  const release = (itemId: string) => {
    held.get(itemId)?.resolve();
    held.delete(itemId);
  };
  return {
    name: 'steered',
    waiting,
    hold: (itemId) => void held.set(itemId, createDeferred()),
    release,
    releaseAll: () => [...held.keys()].forEach(release),
    fail: (itemId, { retryable } = { retryable: false }) => {
      const Failure = retryable ? LibraryFileError : NoSourceError;
      failing.set(itemId, new Failure(`The test wants ${itemId} to fail.`));
    },
    heal: (itemId) => void failing.delete(itemId),
    async find({ id, durationMs }, signal) {
      const hold = held.get(id);
      if (hold) {
        waiting.add(id);
        await Promise.race([hold.promise, aborted(signal)]).finally(() => waiting.delete(id));
      }
      if (!failing.has(id)) return null;
      return { ...NOTHING_SPECIAL, source: 'steered', ref: id, durationMs, licence: 'none' };
    },
    open: ({ ref }) => Promise.reject(failing.get(ref) ?? new Error(`${ref} was healed too early`)),
  };
}

const NOTHING_SPECIAL = {
  codec: null,
  bitrateKbps: null,
  sizeBytes: null,
  checksum: null,
  localPath: null,
  resumable: false,
};

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
