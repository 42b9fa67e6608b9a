import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { delayMsOf, SIGN_IN_DELAYS, type SignInDelays } from '../../src/sign-in/sign-in-limits.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { createPerson, trySignIn } from '../kit/sign-in.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { stretch, waitFor } from '../kit/wait-for.js';

const FREE = { perName: 3, perAddress: 8 };
const QUICK: SignInDelays = {
  ...{
    freePerName: FREE.perName,
    freePerAddress: FREE.perAddress,
    firstMs: Math.round(stretch(2_000)),
    longestMs: Math.round(stretch(3_000)),
  },
  ...{ memoryMs: 3_600_000, turnMs: 600_000, perSecond: 10_000, registrationsPerHour: 4 },
};

let database: TestDatabase;
let dataDir: string;
let app: TestApp;

const start = (delays = QUICK, env = {}) =>
  startApp({
    database,
    env: { authEnabled: true, dataDir, trustedProxies: ['loopback'], ...env },
    overrides: { signInDelays: delays },
  });

beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'reprise-limits-'));
  app = await start();
});
afterAll(async () => {
  await app.stop();
  await database.drop();
  await rm(dataDir, { recursive: true });
});

let addresses = 0;
const newAddress = () => `203.0.${Math.floor(addresses / 250)}.${(addresses++ % 250) + 1}`;
const newName = () => `name-${randomUUID()}`;

interface Guess {
  username?: string;
  from?: string;
  password?: string;
  on?: TestApp;
}

/** The name of the result of a wrong password, unless another is given. */
async function guess({
  username = newName(),
  from = newAddress(),
  password = 'wrong',
  on = app,
}: Guess = {}) {
  const { result } = await trySignIn(on, { username, password, from });
  return result.__typename;
}

async function guessTimes(times: number, attempt: Guess): Promise<string[]> {
  const names = [];
  for (let n = 0; n < times; n += 1) names.push(await guess(attempt));
  return names;
}

const failed = (times: number) => Array<string>(times).fill('InvalidCredentials');

describe('the delay of a sign-in', () => {
  it('begins after a few failures, doubles, and has a limit', () => {
    const after = (name: number, address = 0) => delayMsOf({ name, address }, SIGN_IN_DELAYS) / 1_000;
    expect([1, 5, 6, 7, 8, 15, 16, 1_000].map((name) => after(name))).toEqual([0, 0, 1, 2, 4, 512, 900, 900]);
    expect([20, 21, 22].map((address) => after(0, address))).toEqual([0, 1, 2]);
  });
});

describe('a flood from one address', () => {
  it('against one name is told to wait, also with the right password, which then works', async () => {
    const { username } = await createPerson(app);
    const from = newAddress();
    expect(await guessTimes(FREE.perName, { username, from })).toEqual(failed(FREE.perName));
    const { result } = await trySignIn(app, { username, from });
    expect(result).toMatchObject({ __typename: 'TooManySignIns', code: 'TOO_MANY_SIGN_INS' });
    const { retryAfterSeconds } = result as { retryAfterSeconds: number };
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(retryAfterSeconds).toBeLessThanOrEqual(Math.ceil(QUICK.firstMs / 1_000));
    await waitFor(async () => (await trySignIn(app, { username, from })).result.__typename === 'SignedIn');
  });

  it('gets one try for each wait, however many it sends at once', async () => {
    const attempt = { username: newName(), from: newAddress() };
    const burst = async (size: number) => {
      const startedAt = performance.now();
      const results = await Promise.all(Array.from({ length: size }, () => guess(attempt)));
      const tries = results.filter((name) => name === 'InvalidCredentials').length;
      // While it runs, on a busy machine, the next turn may come.
      return { tries, turns: Math.floor((performance.now() - startedAt) / QUICK.firstMs) };
    };
    const first = await burst(30);
    expect(first.tries).toBeLessThanOrEqual(FREE.perName + first.turns);
    const next = await waitFor(async () => {
      const each = await burst(10);
      return each.tries > 0 ? each : null;
    });
    expect(next.tries).toBeLessThanOrEqual(1 + next.turns);
  });

  it('against many names is told to wait for each of them, and other addresses are not', async () => {
    const from = newAddress();
    const results = [];
    for (let n = 0; n < FREE.perAddress + 5; n += 1) results.push(await guess({ from }));
    expect(results).toEqual([...failed(FREE.perAddress), ...Array<string>(5).fill('TooManySignIns')]);
    const { username } = await createPerson(app);
    expect((await trySignIn(app, { username, from })).result.__typename).toBe('TooManySignIns');
    expect((await trySignIn(app, { username, from: newAddress() })).result.__typename).toBe('SignedIn');
    // Who shares the address, and waits once, gets in.
    await waitFor(async () => (await trySignIn(app, { username, from })).result.__typename === 'SignedIn');
  });

  it('counts a network of IPv6 as one address', async () => {
    const results = [];
    for (let n = 0; n < FREE.perAddress + 1; n += 1)
      results.push(await guess({ from: `2001:db8:1:2::${n + 1}` }));
    expect(results.at(-1)).toBe('TooManySignIns');
    expect(await guess({ from: '2001:db8:1:3::1' })).toBe('InvalidCredentials');
  });

  it('cannot pretend to come from others without a proxy that is trusted', async () => {
    const direct = await start(QUICK, { trustedProxies: [] });
    try {
      const results = [];
      for (let n = 0; n < FREE.perAddress + 1; n += 1) results.push(await guess({ on: direct }));
      expect(results.at(-1)).toBe('TooManySignIns');
    } finally {
      await direct.stop();
    }
  });

  it('is refused beyond a rate before the database is asked', async () => {
    const slow = await start({ ...QUICK, perSecond: 3 });
    try {
      const { username } = await createPerson(app);
      const from = newAddress();
      const results = await Promise.all(
        Array.from({ length: 12 }, async () => (await trySignIn(slow, { username, from })).result),
      );
      expect(results.filter(({ __typename }) => __typename === 'TooManySignIns').length).toBeGreaterThan(0);
      expect((await trySignIn(slow, { username, from: newAddress() })).result.__typename).toBe('SignedIn');
    } finally {
      await slow.stop();
    }
  });
});

describe('a flood against one name from many addresses', () => {
  it('gets few tries, and then every address has to wait before its first', async () => {
    const username = newName();
    const results = await Promise.all(Array.from({ length: 30 }, () => guess({ username })));
    expect(results.filter((name) => name === 'InvalidCredentials').length).toBeLessThanOrEqual(FREE.perName);
    expect(await guess({ username })).toBe('TooManySignIns');
  });

  it('does not keep the user out, who waits once, from a new address, while it goes on', async () => {
    const { username } = await createPerson(app);
    const attackers = Array.from({ length: 8 }, newAddress);
    let signedIn = false;
    const flood = attackers.map(async (from) => {
      let guesses = 0;
      for (; !signedIn; guesses += 1) await guess({ username, from });
      return guesses;
    });
    await waitFor(async () => (await guess({ username, from: newAddress() })) === 'TooManySignIns');
    const from = newAddress();
    const first = (await trySignIn(app, { username, from })).result.__typename;
    const tries = await waitFor(
      async () => (await trySignIn(app, { username, from })).result.__typename === 'SignedIn',
      { timeoutMs: 20_000, what: 'the user to get in' },
    );
    signedIn = true;
    expect({ first, tries }).toEqual({ first: 'TooManySignIns', tries: true });
    expect(Math.min(...(await Promise.all(flood)))).toBeGreaterThan(0);
  });

  it('is forgotten when the user signs in, but not what an address has failed at other names', async () => {
    const { username } = await createPerson(app);
    const from = newAddress();
    await guessTimes(FREE.perName - 1, { username, from });
    expect((await trySignIn(app, { username, from })).result.__typename).toBe('SignedIn');
    expect(await guessTimes(FREE.perName, { username, from })).toEqual(failed(FREE.perName));
    const other = newAddress();
    for (let n = 0; n < FREE.perAddress; n += 1) {
      await guess({ from: other });
      if (n === 3) await trySignIn(app, { username: (await createPerson(app)).username, from: other });
    }
    expect(await guess({ from: other })).toBe('TooManySignIns');
  });
});

describe('failures', () => {
  it('count in all processes, and after a restart', async () => {
    const { username } = await createPerson(app);
    const from = newAddress();
    const long = { ...QUICK, firstMs: 600_000, longestMs: 600_000 };
    const first = await start(long);
    const second = await start(long);
    try {
      expect(await guessTimes(FREE.perName - 1, { username, from, on: first })).toEqual(failed(2));
      expect(await guess({ username, from, on: second })).toBe('InvalidCredentials');
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
    const third = await start(long);
    try {
      expect((await trySignIn(third, { username, from })).result).toMatchObject({
        __typename: 'TooManySignIns',
        retryAfterSeconds: expect.any(Number) as number,
      });
    } finally {
      await third.stop();
    }
  });
});

describe('registrations', () => {
  const registerAs = (on: TestApp, username: string) =>
    on.rest('POST', '/auth/register', { username, password: 'a password of a newcomer' });

  it('from one address are as many an hour as one household needs, over all processes', async () => {
    const env = { registrationEnabled: true };
    const [one, two] = [await start(QUICK, env), await start(QUICK, env)];
    const replies = [];
    for (let n = 0; n < 6; n += 1) replies.push(await registerAs(n % 2 ? one : two, newName()));
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429, 429]);
    const refused = replies.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(60);
    expect(refused?.body).toMatchObject({ error: expect.stringContaining('registrations') as string });
  });
});

/** A garbage collection in one of them, or whatever else the process does, moves no median. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

describe('checking a password', () => {
  const patient = { ...QUICK, freePerName: 10_000, freePerAddress: 10_000 };

  it('is as much work for an unknown user and for one without a password as for a wrong password', async () => {
    const on = await start(patient);
    try {
      const names = {
        known: (await createPerson(app)).username,
        unknown: newName(),
        withoutPassword: (await createPerson(app, { hasPassword: false })).username,
      };
      const work: Record<keyof typeof names, number[]> = { known: [], unknown: [], withoutPassword: [] };
      for (let round = 0; round < 12; round += 1) {
        for (const [who, username] of Object.entries(names)) {
          const before = process.cpuUsage();
          expect(await guess({ username, on })).toBe('InvalidCredentials');
          const { user, system } = process.cpuUsage(before);
          work[who as keyof typeof work].push(user + system);
        }
      }
      for (const who of ['unknown', 'withoutPassword'] as const) {
        expect(median(work[who]) / median(work.known), who).toBeGreaterThan(0.6);
        expect(median(work[who]) / median(work.known), who).toBeLessThan(1.67);
      }
    } finally {
      await on.stop();
    }
  });

  it('of one address that sends many waits in a line of its own', async () => {
    const on = await start(patient);
    try {
      const { username } = await createPerson(app);
      const from = newAddress();
      let done = 0;
      const many = Array.from({ length: 40 }, () => guess({ username, from, on }).then(() => (done += 1)));
      await waitFor(() => done > 0);
      expect((await trySignIn(on, { username, from: newAddress() })).result.__typename).toBe('SignedIn');
      expect(done).toBeLessThan(40);
      await Promise.all(many);
    } finally {
      await on.stop();
    }
  });
});
