import { hash, verify, type Options } from '@node-rs/argon2';
import { createGate, type Caller } from '../lib/gate.js';
import { WeakPasswordError } from './errors.js';

/** argon2id is the library's default; OWASP's minimum, about 30 ms on a thread of its own. */
const OPTIONS: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const SHORTEST = 8;
/** Characters. */
const LONGEST = 512;

/**
 * Of the process's four threads for such work, which files, names of hosts and the check of each token need too. Who
 * sends many passwords waits for itself.
 */
const inTurn = createGate({ atOnce: 2, atOncePerKey: 1, waitingPerKey: 50, waitMs: 5_000 });

const ANYONE: Caller = { key: '', signal: new AbortController().signal };

/** Throws WeakPasswordError. */
export function checkNewPassword(password: string): void {
  const length = lengthOf(password);
  if (length < SHORTEST || length > LONGEST) throw new WeakPasswordError(SHORTEST, LONGEST);
}

const lengthOf = (password: string): number => [...password].length;

/** Throws LimitExceededError when too many wait. */
export function hashPassword(password: string, caller = ANYONE): Promise<string> {
  return inTurn(caller, () => hash(password, OPTIONS));
}

let noPassword: Promise<string> | undefined;

/**
 * False without a hash too, after as much work: how long it takes does not tell whether a user exists. Throws
 * LimitExceededError when too many wait.
 */
export async function verifyPassword(
  passwordHash: string | null,
  password: string,
  caller = ANYONE,
): Promise<boolean> {
  noPassword ??= hash('', OPTIONS);
  const compared = passwordHash ?? (await noPassword);
  const isPossible = passwordHash !== null && lengthOf(password) <= LONGEST;
  const isRight = await inTurn(caller, () => verify(compared, password.slice(0, LONGEST * 2)));
  return isPossible && isRight;
}
