import type { Platform } from '../platform.js';
import { delay } from '../lib/async.js';
import { getOrAdd } from '../lib/get-or-add.js';
import { credentialOf, findCurrentAccess, type Credential } from './access-store.js';
import { hasSameRights, type Access, type Viewer } from '../auth/viewer.js';

/** What it calls when an access ends; returns how to stop waiting for that. */
export type FollowAccess = (onEnd: () => void) => () => void;

/** Watches over the access of connections that stay open. */
export interface LiveAccess {
  /**
   * Ends with its token, when that is revoked, and as soon as the viewer may do more or less than before. Null for an
   * access that has no end.
   */
  follow(access: Access): FollowAccess | null;
  stop(): void;
}

/** What it adds to Deps. */
export interface LiveAccessDeps {
  liveAccess: LiveAccess;
}

interface Follower {
  credential: Credential;
  viewer: Viewer;
  end: () => void;
}

type LiveAccessOptions = Pick<Platform, 'db' | 'bus' | 'log' | 'clock'> & {
  /** Between two tries while the database does not answer. */
  retryMs?: number;
};

/** An access that changes between the query that found it and `follow` is checked again: longer than any query. */
const RECENT_MS = 30_000;

/** A longer timer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createLiveAccess({ db, bus, log, clock, retryMs = 1_000 }: LiveAccessOptions): LiveAccess {
  const byUser = new Map<string, Set<Follower>>();
  const checks = createChecks({
    check: async (userIds) => {
      const followers = userIds.flatMap((id) => [...(byUser.get(id) ?? [])]);
      if (followers.length === 0) return;
      const current = await findCurrentAccess(db, distinct(followers), clock.now());
      const viewers = new Map(current.map(({ credential, viewer }) => [keyOf(credential), viewer]));
      for (const { credential, viewer, end } of followers) {
        const now = viewers.get(keyOf(credential));
        if (!now || !hasSameRights(now, viewer)) end();
      }
    },
    onFailure: (err) => log.warn({ err }, 'could not check the access of open connections, trying again'),
    retryMs,
  });
  const recent = createRecent();
  const stopListening = [
    bus.on('access.changed', ({ userId }) => {
      recent.add(userId);
      if (byUser.has(userId)) checks.add([userId]);
    }),
    bus.on('bus.gap', () => {
      recent.addAll();
      checks.add([...byUser.keys()]);
    }),
  ];

  const enter = (follower: Follower) => {
    const { id } = follower.viewer;
    const followers = getOrAdd(byUser, id, () => new Set<Follower>());
    followers.add(follower);
    if (recent.has(id)) checks.add([id]);
    return () => {
      if (followers.delete(follower) && followers.size === 0 && byUser.get(id) === followers)
        byUser.delete(id);
    };
  };
  return {
    follow(access) {
      const credential = credentialOf(access);
      if (!credential) return null;
      const { viewer, expiresAt } = access;
      return (onEnd) => {
        const stop = () => stops.forEach((each) => each());
        const end = () => {
          stop();
          onEnd();
        };
        const leave = enter({ credential, viewer, end });
        const stops = expiresAt ? [leave, callAt(expiresAt, clock.now(), end)] : [leave];
        return stop;
      };
    },
    stop() {
      stopListening.forEach((stop) => stop());
      checks.stop();
    },
  };
}

function distinct(followers: readonly Follower[]): Credential[] {
  return [...new Map(followers.map(({ credential }) => [keyOf(credential), credential])).values()];
}

function keyOf({ kind, id }: Credential): string {
  return `${kind} ${id}`;
}

function callAt(moment: Date, now: Date, call: () => void): () => void {
  let leftMs = Math.max(0, moment.getTime() - now.getTime());
  let timer: NodeJS.Timeout;
  const wait = () => {
    const stepMs = Math.min(leftMs, MAX_TIMER_MS);
    leftMs -= stepMs;
    timer = setTimeout(leftMs > 0 ? wait : call, stepMs);
  };
  wait();
  return () => clearTimeout(timer);
}

interface ChecksOptions {
  check(userIds: readonly string[]): Promise<void>;
  onFailure(err: unknown): void;
  retryMs: number;
}

/** One after the other; users whose access changes meanwhile are checked together. */
function createChecks({ check, onFailure, retryMs }: ChecksOptions) {
  const due = new Set<string>();
  const stopping = new AbortController();
  let running = false;
  const run = async () => {
    while (due.size > 0 && !stopping.signal.aborted) {
      const userIds = [...due];
      due.clear();
      try {
        await check(userIds);
      } catch (thrown) {
        if (stopping.signal.aborted) return;
        onFailure(thrown);
        userIds.forEach((id) => due.add(id));
        await delay(retryMs, stopping.signal).catch(() => undefined);
      }
    }
    running = false;
  };
  return {
    add(userIds: readonly string[]) {
      userIds.forEach((id) => due.add(id));
      if (running) return;
      running = true;
      void run();
    },
    stop: () => stopping.abort(),
  };
}

/** Users whose access changed a moment ago. */
function createRecent() {
  const changedAt = new Map<string, number>();
  let allChangedAt = -Infinity;
  const isRecent = (at: number) => performance.now() - at < RECENT_MS;
  return {
    add(userId: string) {
      for (const [id, at] of changedAt) {
        if (isRecent(at)) break;
        changedAt.delete(id);
      }
      // Last in the map's order, so that the first are the oldest.
      changedAt.delete(userId);
      changedAt.set(userId, performance.now());
    },
    addAll() {
      allChangedAt = performance.now();
    },
    has: (userId: string) => isRecent(changedAt.get(userId) ?? -Infinity) || isRecent(allChangedAt),
  };
}
