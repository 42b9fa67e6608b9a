import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyPassword } from '../../src/auth/passwords.js';
import { EnvError, parseEnv, type Env } from '../../src/env.js';
import { graphql } from '../../src/generated/documents/gql.js';
import { createLogger } from '../../src/lib/logger.js';
import { createTestDatabase, type TestDatabase } from '../kit/database.js';
import { createUser, serveWith } from '../kit/serve-as.js';
import { runServer } from '../kit/server-process.js';
import { startApp, type TestApp, type TestAppOptions } from '../kit/start-app.js';
import { ANONYMOUS, SYSTEM_VIEWER } from '../../src/auth/viewer.js';

const REGISTER = graphql(`
  mutation RegisterFirst($username: String!) {
    register(input: { username: $username, password: "correct horse battery" }) {
      __typename
      ... on Registered {
        user {
          role
        }
      }
    }
  }
`);

const STATUS = graphql(`
  query RegistrationStatus {
    authStatus {
      registrationEnabled
    }
  }
`);

const FIRST_ADMIN = { username: 'boss', password: 'a first password' };

async function newDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  return database;
}

async function open(database: TestDatabase, env: Partial<Env>, overrides: TestAppOptions['overrides'] = {}) {
  const app = await startApp({ env: { role: 'api', authEnabled: true, ...env }, database, overrides });
  onTestFinished(() => app.stop());
  return app;
}

/** As somebody who has not signed in. */
async function guestOf(app: TestApp): Promise<TestApp> {
  const guest = await serveWith(app, { viewer: ANONYMOUS });
  onTestFinished(() => guest.stop());
  return guest;
}

const peopleIn = ({ deps }: TestApp) => deps.db.user.findMany({ where: { id: { not: SYSTEM_VIEWER.id } } });

function captureLog() {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { lines, log: createLogger('info', undefined, destination) };
}

describe('the first to register', () => {
  it('is the admin, even while registration is off; later ones are refused', async () => {
    const guest = await guestOf(await open(await newDatabase(), { registrationEnabled: false }));
    expect(await guest.execute(STATUS)).toEqual({ authStatus: { registrationEnabled: true } });
    const { register } = await guest.execute(REGISTER, { username: 'first' });
    expect(register).toEqual({ __typename: 'Registered', user: { role: 'ADMIN' } });
    expect(await guest.execute(STATUS)).toEqual({ authStatus: { registrationEnabled: false } });
    const later = await guest.execute(REGISTER, { username: 'second' });
    expect(later.register).toEqual({ __typename: 'RegistrationDisabled' });
  });

  it.each([true, false])(
    'is one of many at once, over two processes (REGISTRATION_ENABLED=%s)',
    async (registrationEnabled) => {
      const database = await newDatabase();
      const apps = [
        await open(database, { registrationEnabled }),
        await open(database, { registrationEnabled }),
      ];
      const guests = await Promise.all(apps.map(guestOf));
      const racers = [1, 2, 3, 4].flatMap((n) =>
        guests.map((guest, at) => ({ guest, username: `racer-${at}-${n}` })),
      );
      const results = await Promise.all(
        racers.map(({ guest, username }) => guest.execute(REGISTER, { username })),
      );
      const names = results.map(({ register }) => register.__typename);
      expect(names.filter((name) => name === 'Registered')).toHaveLength(registrationEnabled ? 8 : 1);
      const people = apps[0] ? await peopleIn(apps[0]) : [];
      expect(people.filter(({ role }) => role === 'ADMIN')).toHaveLength(1);
      expect(people).toHaveLength(registrationEnabled ? 8 : 1);
    },
  );
});

describe('ADMIN_USERNAME and ADMIN_PASSWORD', () => {
  it('make one admin, of two processes that start at once', async () => {
    const database = await newDatabase();
    const { lines, log } = captureLog();
    const [app] = await Promise.all([
      open(database, { firstAdmin: FIRST_ADMIN }, { log }),
      open(database, { firstAdmin: FIRST_ADMIN }, { log }),
    ]);
    const people = await peopleIn(app);
    expect(people).toMatchObject([{ username: 'boss', usernameKey: 'boss', role: 'ADMIN' }]);
    expect(await verifyPassword(people[0]?.passwordHash ?? null, FIRST_ADMIN.password)).toBe(true);
    expect(lines.filter((line) => line.includes('first admin created'))).toHaveLength(1);
    expect(lines.join('')).not.toContain(FIRST_ADMIN.password);
    expect(await app.deps.db.auditEntry.findMany({ where: { target: 'boss' } })).toMatchObject([
      { action: 'USER_CREATED', username: 'system' },
    ]);
  });

  it('change nothing where there are users', async () => {
    const database = await newDatabase();
    const before = await createUser(await open(database, {}), 'ADMIN');
    const app = await open(database, { firstAdmin: FIRST_ADMIN });
    expect((await peopleIn(app)).map(({ id }) => id)).toEqual([before.id]);
  });

  it('make nobody while authentication is off', async () => {
    const app = await open(await newDatabase(), { authEnabled: false, firstAdmin: FIRST_ADMIN });
    expect(await peopleIn(app)).toEqual([]);
  });

  it.each(['system', 'Anonymous', '../boss', 'ab'])('reject the name %s', (ADMIN_USERNAME) => {
    expect(() => parseEnv({ ADMIN_USERNAME, ADMIN_PASSWORD: 'a first password' })).toThrow(EnvError);
  });

  it('that are not set leave no default admin, and a line in the log that says what to do', async () => {
    const { lines, log } = captureLog();
    const app = await open(await newDatabase(), {}, { log });
    expect(await peopleIn(app)).toEqual([]);
    expect(lines.filter((line) => /no users yet: register.*ADMIN_USERNAME/.test(line))).toHaveLength(1);
    const quiet = captureLog();
    await open(await newDatabase(), { authEnabled: false }, { log: quiet.log });
    expect(quiet.lines.join('')).not.toContain('no users yet');
  });
});

describe('the command reset-password', () => {
  it('prints a new random password once, and signs the user out', async () => {
    const database = await newDatabase();
    const app = await open(database, {});
    const { id, username } = await createUser(app, 'ADMIN');
    await app.deps.db.session.create({ data: { userId: id, expiresAt: new Date(Date.now() + 60_000) } });
    const env = { DATABASE_URL: database.url };
    const { status, stdout } = await runServer(env, ['reset-password', username.toUpperCase()]).ended;
    expect(status).toBe(0);
    const [, password = ''] = /^New password of "[^"]+": (\S{24})\n$/.exec(stdout) ?? [];
    const [person] = await peopleIn(app);
    expect(await verifyPassword(person?.passwordHash ?? null, password)).toBe(true);
    expect(await app.deps.db.session.count({ where: { userId: id } })).toBe(0);
    expect(await app.deps.db.auditEntry.findMany({ where: { target: username } })).toMatchObject([
      { action: 'PASSWORD_RESET', username: 'system' },
    ]);
  });

  it('fails for a user who does not exist, and for a command that does not', async () => {
    const database = await newDatabase();
    const env = { DATABASE_URL: database.url };
    const unknown = await runServer(env, ['reset-password', 'system']).ended;
    expect(unknown).toMatchObject({ status: 1, stdout: '', stderr: 'User "system" does not exist.\n' });
    for (const args of [['reset-password'], ['reset-password', 'a', 'b'], ['constructor']]) {
      const { status, stderr } = await runServer(env, args).ended;
      expect(status).toBe(64);
      expect(stderr).toContain('reset-password <username>');
    }
  });
});
