import type {
  MemberExclusion,
  MemberOrigin,
  MemberState,
  Watch,
  WatchKind,
  WatchMember,
  WatchOutcome,
} from '../database/prisma.js';
import type { WatchSettings } from '../settings/settings.js';

export type { MemberExclusion, MemberOrigin, MemberState, Watch, WatchKind, WatchMember, WatchOutcome };

/** Members of other origins stay as they are. What a person requested is downloaded in any case. */
export function wantedOrigins({
  downloadExisting,
  downloadNew,
}: Pick<Watch, 'downloadExisting' | 'downloadNew'>): MemberOrigin[] {
  const existing: MemberOrigin[] = downloadExisting ? ['FIRST'] : [];
  const added: MemberOrigin[] = downloadNew ? ['ADDED'] : [];
  return [...existing, ...added, 'REQUESTED'];
}

export function isExpired({ expiresAt }: Pick<Watch, 'expiresAt'>, now: Date): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** Whether it takes part in the checks at all. */
export function isFollowed(watch: Pick<Watch, 'paused' | 'expiresAt'>, now: Date): boolean {
  return !watch.paused && !isExpired(watch, now);
}

/** Seconds between two checks of it. */
export function intervalOf(
  { checkIntervalSeconds }: Pick<Watch, 'checkIntervalSeconds'>,
  { watchPollIntervalSeconds }: Pick<WatchSettings, 'watchPollIntervalSeconds'>,
): number {
  return checkIntervalSeconds ?? watchPollIntervalSeconds;
}

const DAY_S = 86_400;
/** Watches that were added together, or missed together, do not stay together. */
const JITTER = 0.1;

/** Seconds to the next check. After failures the time doubles up to a day, or to the interval if that is longer. */
export function secondsToNextCheck({
  failures,
  intervalSeconds,
  random,
}: {
  failures: number;
  intervalSeconds: number;
  random: () => number;
}): number {
  const backoff = Math.min(intervalSeconds * 2 ** Math.min(failures, 30), DAY_S);
  const seconds = failures === 0 ? intervalSeconds : Math.max(intervalSeconds, backoff);
  return Math.round(seconds * (1 + JITTER * (2 * random() - 1)));
}

/**
 * No check can be due later than `factor` times its interval and `extra` seconds from now: such a time was written while
 * the database's clock was wrong.
 */
export const LATEST_DUE = { leastInterval: DAY_S, factor: 1 + JITTER, extra: 60 } as const;

export function pauseBetween(kind: WatchKind, settings: WatchSettings): number {
  return kind === 'PLAYLIST' ? settings.delayBetweenPlaylistsSeconds : settings.delayBetweenArtistsSeconds;
}

/** Failed downloads of one member, before it is left alone. */
export const MAX_ATTEMPTS = 8;
/** Each retry waits twice as long as the one before, up to so many times the setting. */
export const MAX_RETRY_FACTOR = 64;
