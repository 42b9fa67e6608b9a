import type { AlbumGroup } from '../catalog/catalog-item.js';
import type {
  MemberOrigin,
  MemberState,
  Watch,
  WatchKind,
  WatchMember,
  WatchOutcome,
} from '../database/prisma.js';
import type { WatchSettings } from '../settings/settings.js';

export type { MemberOrigin, MemberState, Watch, WatchKind, WatchMember, WatchOutcome };

export interface WatchOptions {
  /** Whether to download what was in the list when it was first read. */
  downloadExisting: boolean;
  /** Whether to download what came to it later. */
  downloadNew: boolean;
  /** Of artists; empty for the setting. */
  albumGroups: AlbumGroup[];
  /** When checks end by themselves. */
  expiresAt: Date | null;
  /** Whether to move files of what left the list to the trash. */
  removeFiles: boolean;
}

export const DEFAULT_OPTIONS: WatchOptions = {
  downloadExisting: false,
  downloadNew: true,
  albumGroups: [],
  expiresAt: null,
  removeFiles: false,
};

/** Members of other origins stay as they are. What a person requested is downloaded in any case. */
export function wantedOrigins({
  downloadExisting,
  downloadNew,
}: Pick<Watch, 'downloadExisting' | 'downloadNew'>): MemberOrigin[] {
  const existing: MemberOrigin[] = downloadExisting ? ['FIRST'] : [];
  const added: MemberOrigin[] = downloadNew ? ['ADDED'] : [];
  return [...existing, ...added, 'REQUESTED'];
}

/** Whether it takes part in the checks at all. */
export function isFollowed({ paused, expiresAt }: Pick<Watch, 'paused' | 'expiresAt'>, now: Date): boolean {
  return !paused && (expiresAt === null || expiresAt > now);
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

/** Later than any check can be due: such a time was written while the database's clock was wrong. */
export function latestDueSeconds({
  watchPollIntervalSeconds,
}: Pick<WatchSettings, 'watchPollIntervalSeconds'>) {
  return Math.ceil(Math.max(watchPollIntervalSeconds, DAY_S) * (1 + JITTER)) + 60;
}

export function pauseBetween(kind: WatchKind, settings: WatchSettings): number {
  return kind === 'PLAYLIST' ? settings.delayBetweenPlaylistsSeconds : settings.delayBetweenArtistsSeconds;
}

/** Failed downloads of one member, before it is left alone. */
export const MAX_ATTEMPTS = 8;
/** Each retry waits twice as long as the one before, up to so many times the setting. */
export const MAX_RETRY_FACTOR = 64;
