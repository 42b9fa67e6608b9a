import { hash, verify, type Options } from '@node-rs/argon2';
import { WeakPasswordError } from './errors.js';

/** argon2id is the library's default; OWASP's minimum, about 30 ms on a thread of its own. */
const OPTIONS: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const SHORTEST = 8;
/** Characters. */
const LONGEST = 512;

/** Throws WeakPasswordError. */
export function checkNewPassword(password: string): void {
  const length = [...password].length;
  if (length < SHORTEST || length > LONGEST) throw new WeakPasswordError(SHORTEST, LONGEST);
}

export function hashPassword(password: string): Promise<string> {
  return hash(password, OPTIONS);
}

let noPassword: Promise<string> | undefined;

/** False without a hash too, after as much work: how long it takes does not tell whether a user exists. */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  noPassword ??= hashPassword('');
  const isRight = await verify(passwordHash ?? (await noPassword), password.slice(0, LONGEST));
  return passwordHash !== null && isRight;
}
