import { randomBytes } from 'node:crypto';
import { userName } from '../lib/env-values.js';

const SHORTEST = 3;
const LONGEST = 64;

export function isUsername(text: string): boolean {
  return userName.safeParse(text).success;
}

/** Room for what makes a name unique. */
const SUFFIX_CHARS = 8;
const NUMBERED = 20;

/** Usernames made of what somebody is called elsewhere, the best first; not all of them can be taken. */
export function* usernamesFor(names: readonly string[]): Generator<string> {
  const base = names.map(toUsername).find(isUsername) ?? 'user';
  yield base;
  for (let number = 2; number <= NUMBERED; number++) yield `${base}-${number}`;
  for (;;) yield `${base}-${randomBytes(3).toString('hex')}`;
}

/** Letters without their accents, dots for spaces, and nothing else; empty for a name without any. */
function toUsername(name: string): string {
  const [kept = ''] = /[A-Za-z0-9].*/.exec(name.normalize('NFKD').replace(/[^A-Za-z0-9._ -]/g, '')) ?? [];
  const username = kept.replaceAll(' ', '.').slice(0, LONGEST - SUFFIX_CHARS);
  return username === '' ? '' : username.padEnd(SHORTEST, '_');
}
