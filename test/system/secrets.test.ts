import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEnv } from '../../src/env.js';
import { openMongoJobs } from '../../src/jobs/mongo-jobs.js';
import { createLogger, type Logger } from '../../src/lib/logger.js';
import { createRedactor } from '../../src/lib/secrets.js';
import { createTestDatabase } from '../kit/database.js';
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

it.concurrent.each(DATABASE_URLS)('prints no password of DATABASE_URL=%s', async (url) => {
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

const URL_TEXT = 'postgresql://admin:hun%23ter2@db/reprise?sslpassword=secret7';

/** What a logger writes that knows the password. */
function logged(write: (log: Logger) => void): string {
  let output = '';
  write(createLogger('info', createRedactor([URL_TEXT]), { write: (line) => void (output += line) }));
  JSON.parse(output);
  return output;
}

const failure = () => {
  const cause = Object.assign(new Error('hun#ter2'), { input: URL_TEXT, nested: [{ key: 'secret7' }] });
  return new Error('hun%23ter2 is wrong', { cause });
};

it.each<[string, (log: Logger) => void]>([
  [
    'the message, the stack, a cause or a property of an error',
    (log) => log.warn({ err: failure() }, 'is wrong'),
  ],
  ['an error that has another name', (log) => log.warn({ reason: failure() }, 'is wrong')],
  ['an error without a text beside it', (log) => log.warn(failure())],
  ['the text', (log) => log.warn(`${URL_TEXT} is wrong`)],
  ['the text behind fields', (log) => log.warn({}, 'hun#ter2 is wrong')],
  ['a value for the text', (log) => log.warn({}, '%s is wrong', URL_TEXT)],
  [
    'a field, however deep',
    (log) => log.warn({ url: URL_TEXT, in: [{ url: new URL(URL_TEXT) }] }, 'is wrong'),
  ],
  [
    'the fields of a child logger',
    (log) => log.child({ url: URL_TEXT, in: [{ key: 'secret7' }], err: failure() }).warn('is wrong'),
  ],
  [
    'the fields of a child of a child',
    (log) => log.child({ requestId: 'r' }).child({ url: URL_TEXT }).warn({ task: 1 }, 'is wrong'),
  ],
  [
    'fields that a logger is given later',
    (log) => {
      const child = log.child({ requestId: 'r' });
      child.setBindings({ url: URL_TEXT });
      child.warn('is wrong');
    },
  ],
])('logs no password that a driver repeats in %s', (_name, write) => {
  const output = logged(write);
  expect(output).not.toMatch(/ter2|secret7/);
  expect(output).toContain('is wrong');
});

describe('an error that nothing handles', () => {
  const thrown = 'Object.assign(new Error(process.env.DATABASE_URL), { url: process.env.DATABASE_URL })';

  /** Fails in the program as soon as the condition holds there. */
  const failing = (condition: string, fail: string) => {
    const code = `const timer = setInterval(() => {
      if (!(${condition})) return;
      clearInterval(timer);
      ${fail};
    }, 10);`;
    return `--import=data:text/javascript,${encodeURIComponent(code)}`;
  };

  it.each([`throw ${thrown}`, `Promise.reject(${thrown})`])(
    'prints no password while the server starts: %s',
    async (fail) => {
      const silent = createServer();
      await once(silent.listen(0, '127.0.0.1'), 'listening');
      onTestFinished(() => void silent.close());
      const { port } = silent.address() as AddressInfo;
      const connecting = `process.getActiveResourcesInfo().includes('TCPSocketWrap')`;
      const { status, output } = await run({
        DATABASE_URL: `postgresql://admin:hunter2@127.0.0.1:${port}/reprise`,
        NODE_OPTIONS: failing(connecting, fail),
      });
      expect(output).toContain('an error that nothing handled: Error: …');
      expect(output).not.toContain('hunter2');
      expect(status).toBe(1);
    },
  );

  it('prints no password once the server is up', async () => {
    const database = await createTestDatabase();
    onTestFinished(() => database.drop());
    const url = new URL(database.url);
    url.searchParams.set('application_password', 'hunter2');
    const { status, output } = await run({
      DATABASE_URL: url.href,
      NODE_OPTIONS: failing(`process.getActiveResourcesInfo().includes('TCPServerWrap')`, `throw ${thrown}`),
    });
    expect(output).toContain('Reprise is up');
    expect(output).not.toContain('hunter2');
    expect(status).toBe(1);
  });
});
