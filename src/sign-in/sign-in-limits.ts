import { createHash, randomInt } from 'node:crypto';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { DatabaseUnavailableError } from '../database/outage.js';
import type { DatabaseConnection } from '../database/prisma.js';
import { systemCodeOf } from '../lib/errors.js';
import { networkOf } from '../lib/reader-limits.js';
import { TooManySignInsError } from '../auth/errors.js';
import { usernameKeyOf } from '../auth/user-store.js';

/*
 * Failures are counted by username, over all addresses, and by address, over all usernames. Beyond a few, whoever
 * wants to try a username from an address is told how long to wait, and then has one try: that turn is kept for this
 * username and this address, and nobody else can take or delay it. So guessing gets slow from one address as from
 * many, and a user whose name is under attack still gets in after at most `longestMs`. Who is signed in notices nothing.
 */

export interface SignInDelays {
  /** Failures of a username, and of an address, without a delay; people mistype, and addresses have several people. */
  freePerName: number;
  freePerAddress: number;
  /** Doubles with each further failure. */
  firstMs: number;
  longestMs: number;
  /** Failures are forgotten this long after the first of them. */
  memoryMs: number;
  /** How long a turn is kept. */
  turnMs: number;
  /** What one process accepts of an address before it asks the database. */
  perSecond: number;
}

export const SIGN_IN_DELAYS: SignInDelays = {
  freePerName: 5,
  freePerAddress: 20,
  firstMs: 1_000,
  longestMs: 15 * 60_000,
  memoryMs: 60 * 60_000,
  turnMs: 10 * 60_000,
  perSecond: 30,
};

interface Attempt {
  username: string;
  address: string | null;
}

interface AdmittedAttempt {
  fail(): Promise<void>;
  succeed(): Promise<void>;
}

export interface SignInLimits {
  /** Counts as a failure until it succeeds, so that many at once count too. Throws TooManySignInsError. */
  admit(attempt: Attempt): Promise<AdmittedAttempt>;
}

export function delayMsOf(
  { name, address }: { name: number; address: number },
  { freePerName, freePerAddress, firstMs, longestMs }: SignInDelays,
): number {
  const excess = Math.max(name - freePerName, address - freePerAddress);
  return excess <= 0 ? 0 : Math.min(firstMs * 2 ** (excess - 1), longestMs);
}

/** PostgreSQL's INTEGER. */
const MAX_TURN = 2 ** 31 - 1;

/** In the table SignInFailure, for all processes and over restarts. */
export function createSignInLimits(pool: DatabaseConnection['pool'], delays = SIGN_IN_DELAYS): SignInLimits {
  const create = (keyPrefix: string) =>
    new RateLimiterPostgres({
      ...{ storeClient: pool, storeType: 'pool', tableName: 'SignInFailure', tableCreated: true },
      ...{ clearExpiredByTimeout: false, keyPrefix, points: 1, duration: delays.memoryMs / 1_000 },
    });
  const [names, addresses, turns, taken] = [
    create('name'),
    create('address'),
    create('turn'),
    create('taken'),
  ];
  const requests = new RateLimiterMemory({ points: delays.perSecond, duration: 1 });

  const keepTurn = (key: string, waitMs: number) =>
    turns.set(key, randomInt(1, MAX_TURN), (waitMs + delays.turnMs) / 1_000);
  /** By its number: of several that arrive for one turn one gets it, also when the next is already there. */
  const takeTurn = (key: string, turn: RateLimiterRes) =>
    taken.consume(`${key} ${turn.consumedPoints}`).then(
      () => true,
      (thrown: unknown) => {
        if (thrown instanceof RateLimiterRes) return false;
        throw thrown;
      },
    );
  const countFailure = async (keys: Keys) => {
    const [name, address] = await Promise.all([names.penalty(keys.name), addresses.penalty(keys.address)]);
    return { name: name.consumedPoints, address: address.consumedPoints };
  };
  const uncountFailure = (keys: Keys) =>
    Promise.all([names.reward(keys.name), addresses.reward(keys.address)]);

  const admit = async (keys: Keys): Promise<AdmittedAttempt> => {
    const turn = await turns.get(keys.turn);
    const waitMs = turn ? turn.msBeforeNext - delays.turnMs : 0;
    if (waitMs > 0) throw new TooManySignInsError(waitMs);
    const failures = await countFailure(keys);
    const delayMs = delayMsOf(failures, delays);
    if (delayMs > 0 && !(turn && (await takeTurn(keys.turn, turn)))) {
      await uncountFailure(keys);
      await keepTurn(keys.turn, delayMs);
      throw new TooManySignInsError(delayMs);
    }
    return {
      async fail() {
        const next = delayMsOf({ name: failures.name + 1, address: failures.address + 1 }, delays);
        if (next > 0) await keepTurn(keys.turn, next);
      },
      async succeed() {
        // The address keeps its other failures: who has an account could clear them by signing in to it.
        await Promise.all([names.delete(keys.name), addresses.reward(keys.address)]);
      },
    };
  };
  return {
    async admit({ username, address }) {
      const keys = keysOf(username, address);
      await requests.consume(keys.address).catch(refuse);
      return admit(keys).catch(restate);
    },
  };
}

interface Keys {
  name: string;
  address: string;
  turn: string;
}

/** Hashed, because what is typed as a name may be long, or be a password. */
function keysOf(username: string, address: string | null): Keys {
  const name = createHash('sha256').update(usernameKeyOf(username)).digest('base64url').slice(0, 22);
  const network = networkOf(address ?? '');
  return { name, address: network, turn: `${name} ${network}` };
}

function refuse(thrown: unknown): never {
  if (thrown instanceof RateLimiterRes) throw new TooManySignInsError(thrown.msBeforeNext);
  throw thrown;
}

/** The system's codes, such as ECONNREFUSED; those of PostgreSQL itself are recognized elsewhere. */
function restate(thrown: unknown): never {
  if (/^E[A-Z]+$/.test(systemCodeOf(thrown) ?? '')) throw new DatabaseUnavailableError(thrown);
  throw thrown;
}
