import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSession } from '../../src/auth/sessions.js';
import { createContextRequest } from '../kit/context-request.js';
import { startApp, type TestApp } from '../kit/start-app.js';

let app: TestApp;
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'reprise-auth-'));
  app = await startApp({ env: { authEnabled: true, dataDir } });
});
afterAll(async () => {
  await app.stop();
  await rm(dataDir, { recursive: true });
});

async function viewerBy(token: string): Promise<unknown> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ viewer { username } }' }),
  });
  return response.json();
}

describe('an access token', () => {
  it('says who the viewer is', async () => {
    const name = `user-${randomUUID()}`;
    const user = await app.deps.db.user.create({ data: { username: name, usernameKey: name } });
    const request = createContextRequest();
    const { accessToken } = await startSession(app.deps, { user, kind: 'REFRESHABLE', request });
    expect(await viewerBy(accessToken)).toEqual({ data: { viewer: { username: name } } });
  });
});
