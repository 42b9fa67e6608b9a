import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBenchDatabase } from './bench-database.js';
import { startBuiltServer } from './built-server.js';
import { median, ms, quantile, report } from './figures.js';
import { timeOf, type Target } from './load.js';

const USER = { username: 'bench', password: 'a password for the bench' };
const SIGN_INS_PER_SECOND = 10;
const REQUESTS_PER_SECOND = 50;
const SECONDS = 20;
const WARM_UP_SECONDS = 3;
const MAX_P99_MS = 20;

const QUERY = '{ viewer { username } tasks(first: 20) { nodes { id title } } }';

/** What everybody else notices of people who sign in, each of which is 30 ms of one processor. */
export async function benchSignIn(): Promise<void> {
  const database = await createBenchDatabase();
  const users = { AUTH_ENABLED: 'true', ADMIN_USERNAME: USER.username, ADMIN_PASSWORD: USER.password };
  const server = await startBuiltServer({ ...database.env, ...users, ROLE: 'api' });
  const agent = new Agent({ keepAlive: true });
  try {
    const signIn = { url: `${server.url}/api/auth/login`, body: JSON.stringify(USER) };
    const headers = { authorization: `Bearer ${await signInAt(signIn)}` };
    const others = { url: `${server.url}/graphql`, body: JSON.stringify({ query: QUERY }), headers };
    const run = (target: Target, perSecond: number, seconds = SECONDS) =>
      repeat({ target, agent, perSecond, seconds });
    await run(others, REQUESTS_PER_SECOND, WARM_UP_SECONDS);
    const quiet = await run(others, REQUESTS_PER_SECOND);
    const [busy, signIns] = await Promise.all([
      run(others, REQUESTS_PER_SECOND),
      run(signIn, SIGN_INS_PER_SECOND),
    ]);
    const p99Ms = quantile(busy, 0.99);
    report(
      `others, ${SIGN_INS_PER_SECOND} sign-ins a second`,
      `p99 ${ms(p99Ms)}, without sign-ins ${ms(quantile(quiet, 0.99))}; a sign-in ${ms(median(signIns))}`,
      { ok: p99Ms < MAX_P99_MS, budget: `p99 < ${MAX_P99_MS} ms` },
    );
  } finally {
    agent.destroy();
    await server.stop();
    await database.drop();
  }
}

async function signInAt({ url, body }: { url: string; body: string }): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`${url} answered ${response.status}.`);
  return token;
}

interface Repeated {
  target: Target;
  agent: Agent;
  perSecond: number;
  seconds: number;
}

/** At a steady rate, whether or not earlier ones have their answer: as it is with people. */
async function repeat({ target, agent, perSecond, seconds }: Repeated): Promise<number[]> {
  const startedAt = performance.now();
  const times: Promise<number>[] = [];
  for (let n = 0; n < perSecond * seconds; n += 1) {
    await sleep(Math.max(0, startedAt + (n * 1_000) / perSecond - performance.now()));
    times.push(timeOf(target, agent));
  }
  return Promise.all(times);
}
