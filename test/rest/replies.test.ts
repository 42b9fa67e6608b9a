import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TypedDocumentString } from '../../src/generated/documents/graphql.js';
import { RestFailure } from '../../src/rest/errors.js';
import type { Cookie } from '../../src/lib/cookie.js';
import { redirect, reply } from '../../src/rest/reply.js';
import { route, type AnyRoute, type DocumentRoute } from '../../src/rest/route.js';
import { sendRaw } from '../kit/raw-request.js';
import { operationsOf, readDescription } from './openapi-description.js';
import { startRest, type RestTestApp } from './rest-app.js';

const VIEWER = new TypedDocumentString<{ viewer: { username: string } }, Record<string, never>>(
  'query { viewer { username } }',
);

type ViewerRoute = DocumentRoute<
  { next?: string | undefined },
  { viewer: { username: string } },
  Record<string, never>
>;

const viewerRoute = (
  spec: Pick<ViewerRoute, 'path' | 'respond' | 'status'> & Partial<ViewerRoute>,
): AnyRoute =>
  route({
    input: z.object({ next: z.string().optional() }),
    docs: { description: 'A route of this test only.', summary: 'Sign in.', response: null, example: {} },
    document: VIEWER,
    variables: () => ({}),
    ...spec,
  });

const SESSION: Cookie = { name: 'session', value: 'a b;c', maxAgeS: 3600, secure: true };

/** What sign-in will need. */
const ROUTES: AnyRoute[] = [
  viewerRoute({
    methods: ['POST'],
    path: '/sign-in',
    respond: ({ viewer }) =>
      reply({ body: viewer, cookies: [SESSION, { name: 'theme', value: 'dark', secure: false }] }),
  }),
  viewerRoute({
    path: '/sign-out',
    status: 204,
    respond: () => reply({ cookies: [{ ...SESSION, value: '', maxAgeS: 0, sameSite: 'Strict' }] }),
  }),
  viewerRoute({
    path: '/sign-in/provider',
    status: 303,
    respond: (_data, { input: { next = '/' } }) =>
      redirect(next, { cookies: [{ ...SESSION, path: '/api/sign-in' }] }),
  }),
  ...[201, 207, 302, 418, 451].map((status) =>
    viewerRoute({ path: `/status/${status}`, status, respond: ({ viewer }) => reply({ body: viewer }) }),
  ),
  viewerRoute({
    path: '/cached',
    respond: () => reply({ body: {}, headers: { 'cache-control': 'max-age=60', 'x-own': 'yes' } }),
  }),
  viewerRoute({
    path: '/unauthorized',
    respond: () => {
      throw new RestFailure(401, 'Sign in first.', { headers: { 'www-authenticate': 'Bearer' } });
    },
  }),
];

let app: RestTestApp;
beforeAll(async () => {
  app = await startRest({ rest: { routes: ROUTES } });
});
afterAll(() => app.stop());

const send = (path: string, { method = 'GET', body }: { method?: string; body?: string } = {}) =>
  sendRaw(app.url, {
    method,
    path: `/api${path}`,
    headers: { 'content-type': 'application/json' },
    body: body ?? '',
  });

describe('a route', () => {
  it('sets cookies that scripts of a page cannot read', async () => {
    const { status, headers, text } = await send('/sign-in', { method: 'POST', body: '{}' });
    expect({ status, body: JSON.parse(text) as unknown }).toEqual({
      status: 200,
      body: { username: 'system' },
    });
    expect(headers['set-cookie']).toEqual([
      'session=a%20b%3Bc; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=Lax',
      'theme=dark; Path=/; HttpOnly; SameSite=Lax',
    ]);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('deletes a cookie, and responds without a body', async () => {
    const { status, headers, text } = await send('/sign-out');
    expect({ status, text }).toEqual({ status: 204, text: '' });
    expect(headers['set-cookie']).toEqual(['session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict']);
    expect(headers).not.toHaveProperty('content-type');
    expect(headers).not.toHaveProperty('content-length');
  });

  it('redirects, with a cookie of its own path', async () => {
    const { status, headers, text } = await send(
      '/sign-in/provider?next=https%3A%2F%2Fid.example%2Fauthorize%3Fa%3D1',
    );
    expect({ status, text }).toEqual({ status: 303, text: '' });
    expect(headers).toMatchObject({
      location: 'https://id.example/authorize?a=1',
      'content-length': '0',
      'cache-control': 'no-store',
    });
    expect(headers['set-cookie']).toEqual([expect.stringContaining('; Path=/api/sign-in; ')]);
  });

  it('redirects to an address that a header cannot hold without adding headers', async () => {
    const { status, headers } = await send(
      '/sign-in/provider?next=%2Fm%C3%BC%20%0D%0Aset-cookie%3A%20a%3Db%25',
    );
    expect({ status, location: headers['location'] }).toEqual({
      status: 303,
      location: '/m%C3%BC%20%0D%0Aset-cookie:%20a=b%',
    });
    expect(headers['set-cookie']).toHaveLength(1);
  });

  it.each([201, 207, 302, 418, 451])('responds with the status %i', async (status) => {
    const { headers, text, ...rest } = await send(`/status/${status}`);
    expect(rest.status).toBe(status);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(text)).toEqual({ username: 'system' });
  });

  it('replaces the usual headers and adds its own, on failures too', async () => {
    expect((await send('/cached')).headers).toMatchObject({ 'cache-control': 'max-age=60', 'x-own': 'yes' });
    const { status, headers } = await send('/unauthorized');
    expect({ status, challenge: headers['www-authenticate'] }).toEqual({ status: 401, challenge: 'Bearer' });
  });

  it('is described with its status, and without content where it has no body', async () => {
    const operations = operationsOf(await readDescription(app));
    const responsesOf = (path: string) => operations.find((each) => each.path === path)?.operation.responses;
    expect(responsesOf('/sign-out')?.['204']).toEqual({ description: 'Done.' });
    expect(responsesOf('/sign-in/provider')?.['303']).toEqual({
      description: 'Continues at another address.',
      headers: { Location: { schema: { type: 'string' } } },
    });
  });
});
