import { inspect } from 'node:util';
import { stdSerializers } from 'pino';
import { expect, it } from 'vitest';
import { parseEnv } from '../../src/env.js';
import { openMongoJobs } from '../../src/jobs/mongo-jobs.js';
import { createRedactor, redactAll } from '../../src/lib/secrets.js';
import { runServer } from '../kit/server-process.js';

/** Each has the password somewhere, and none leads to a server. */
const DATABASE_URLS = [
  'postgresql://admin:hunter2@127.0.0.1:1/reprise',
  'postgresql://127.0.0.1:1/reprise?user=admin&password=hunter2',
  'postgresql://admin:x#hunter2@127.0.0.1:1/reprise',
  'postgresql://admin:x/hunter2@127.0.0.1:1/reprise',
  'postgresql://admin:x?hunter2@127.0.0.1:1/reprise',
  'postgresql://admin:hunter2%zz@127.0.0.1:1/reprise',
  'postgresql://admin:hunter2@127.0.0.1:99999/reprise',
  'postgresql://admin:hunter2@[::1/reprise',
  'postgresql://hunter2@127.0.0.1:1/reprise',
  'postgresql://admin:hunter2@127.0.0.1:1/reprise?sslmode=verify-full&sslrootcert=/none',
  'postgresql://admin:hunter2@nowhere.invalid/reprise',
  'admin:hunter2@127.0.0.1:1/reprise',
  'hunter2',
  'mysql://127.0.0.1/reprise?password=hunter2',
  'postgresql//admin:hunter2@127.0.0.1:1/reprise',
  ' postgresql://admin:hunter2@127.0.0.1:1/reprise',
  'postgresql://admin:hunter2 x@127.0.0.1:1/reprise',
];

const MONGODB_URLS = [
  'mongodb://admin:x/hunter2@127.0.0.1:1/jobs',
  'mongodb://admin:x#hunter2@127.0.0.1:1/jobs',
  'mongodb://admin:hunter2%zz@127.0.0.1:1/jobs',
  'mongodb://admin:hunter2@127.0.0.1:1/jobs?authMechanism=hunter2',
  'mongodb://admin:hunter2@127.0.0.1:99999/jobs',
  'mongodb://127.0.0.1:1/jobs?authMechanismProperties=hunter2',
];

const run = async (env: Record<string, string>) => {
  const { status, stdout, stderr } = await runServer({ ...env, LOG_LEVEL: 'trace' }).ended;
  return { status, output: stdout + stderr };
};

it.each(DATABASE_URLS)('prints no password of DATABASE_URL=%s', async (url) => {
  const { status, output } = await run({ DATABASE_URL: url });
  expect(output).toContain('DATABASE_URL');
  expect(output).not.toContain('hunter2');
  expect([1, 78]).toContain(status);
});

it.each(MONGODB_URLS)('prints no password of MONGODB_URL=%s', async (url) => {
  const opened = openMongoJobs(url).then(({ records }) => records.close());
  const [thrown] = await Promise.all([opened.catch((error: unknown) => error)]);
  expect(inspect(thrown, { depth: 9 })).not.toContain('hunter2');
});

it.each([
  'admin:hunter2@db/jobs',
  'hunter2',
  'http://db/jobs?password=hunter2',
  'mongodb://a:hunter2@b c/jobs',
])('prints no password of MONGODB_URL=%s, which has another form', (url) => {
  expect(() => parseEnv({ MONGODB_URL: url })).toThrow(
    'MONGODB_URL is invalid; expected: a URL without spaces that starts with mongodb:// or mongodb+srv://.',
  );
});

it('logs no password that a driver repeats, in the message, the stack, a cause or a property', () => {
  const url = 'postgresql://admin:hun%23ter2@db/reprise?sslpassword=secret7';
  const redact = createRedactor([url]);
  const cause = Object.assign(new Error('hun#ter2'), { input: url, nested: [{ key: 'secret7' }] });
  const logged = redactAll(stdSerializers.err(new Error('hun%23ter2 is wrong', { cause })), redact);
  expect(JSON.stringify(logged)).not.toMatch(/ter2|secret7/);
  expect(JSON.stringify(logged)).toContain('… is wrong');
});
