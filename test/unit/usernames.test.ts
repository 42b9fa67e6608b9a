import { describe, expect, it } from 'vitest';
import { isUsername, usernamesFor } from '../../src/sign-in/outside-users.js';

const firstOf = (names: string[]) => String(usernamesFor(names).next().value);

describe('a username of somebody from elsewhere', () => {
  it.each([
    [['ann'], 'ann'],
    [['Ann Marie Müller'], 'Ann.Marie.Muller'],
    [['  ', 'octo-cat'], 'octo-cat'],
    [['..', '李小龍', 'bruce'], 'bruce'],
    [['李小龍'], 'user'],
    [['x'], 'x__'],
    [['../../etc'], 'etc'],
    [['system', 'ann'], 'ann'],
    [['Anonymous'], 'user'],
    [['a\n b\0c'], 'a.bc'],
    [[], 'user'],
  ])('of %j is %s', (names, expected) => {
    expect(firstOf(names)).toBe(expected);
  });

  it('has at most 64 characters, also with a number', () => {
    const names = usernamesFor(['x'.repeat(500)]);
    const some = Array.from({ length: 30 }, () => String(names.next().value));
    expect(some.every(isUsername)).toBe(true);
    expect(new Set(some).size).toBe(30);
  });
});
