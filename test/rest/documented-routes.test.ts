import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRouteMatcher } from '../../src/rest/match-route.js';
import type { AnyRoute } from '../../src/rest/route.js';
import { ROUTES } from '../../src/rest-routes.js';
import { seedExampleTasks, seedExampleUsers } from '../kit/example-tasks.js';
import { JSON_TYPE } from './documented-request.js';
import { startRest, type RestTestApp } from './rest-app.js';

interface Documented {
  method: string;
  path: string;
}

const DOCUMENTED: Documented[] = readFileSync(new URL('documented-routes.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [method = '', path = ''] = line.split(' ');
    return { method, path };
  });

/** Words of documented paths that a parameter takes: each is a provider's name, and no route of its own. */
const VALUES = new Set(['google', 'github']);

const segmentsOf = (path: string) => path.replace(/\/$/, '').split('/').slice(1);
const isParameter = (segment: string) => segment.startsWith('{');

/** Null when the table has a route that is meant for exactly this path and method. */
function problemOf(routes: readonly AnyRoute[], { method, path }: Documented): string | null {
  const sample = path.replace(/\{[^}]+\}/g, 'sample');
  let found: AnyRoute;
  try {
    found = createRouteMatcher(routes)(method, sample).route;
  } catch (thrown) {
    return String(thrown);
  }
  const own = segmentsOf(found.path);
  const odd = segmentsOf(path).find((segment, at) => {
    if (isParameter(segment)) return !isParameter(own[at] ?? '');
    return segment !== own[at] && !VALUES.has(segment);
  });
  return odd === undefined ? null : `"${odd}" of ${path} falls into ${found.path}`;
}

const without = (...paths: string[]) => ROUTES.filter(({ path }) => !paths.includes(path));

describe('the documented API', () => {
  it('has 80 methods and paths, each once', () => {
    expect(DOCUMENTED).toHaveLength(80);
    expect(new Set(DOCUMENTED.map(({ method, path }) => `${method} ${path}`)).size).toBe(80);
  });

  it.each(DOCUMENTED)('has $method $path in the table of routes', (documented) => {
    expect(problemOf(ROUTES, documented)).toBeNull();
  });

  it('would not be found by a missing route, a wrong method or a path that takes anything', () => {
    const missing = { method: 'GET', path: '/history/{task_id}/children' };
    expect(problemOf(without('/history/{task_id}/children'), missing)).toContain('Unknown route');
    expect(problemOf(ROUTES, { ...missing, method: 'PUT' })).toContain('Method PUT is not supported');
    const cancel = { method: 'GET', path: '/track/download/cancel' };
    expect(problemOf(without(cancel.path), cancel)).toContain('falls into /track/download/{id}');
    const swapped = { method: 'GET', path: '/history/{task_id}' };
    const stats = ROUTES.map((route) =>
      route.path === '/history/{task_id}' ? { ...route, path: '/history/sample' as const } : route,
    );
    expect(problemOf(stats, swapped)).toContain('falls into /history/sample');
  });
});

describe('a running server', () => {
  let app: RestTestApp;
  beforeAll(async () => {
    app = await startRest({ as: 'ADMIN', overrides: { settings: { catalog: 'demo' } } });
    await seedExampleTasks(app);
    await seedExampleUsers(app);
  });
  afterAll(() => app.stop());

  /** The documented path and the route's own example. */
  function toRequest({ method, path }: Documented): { target: string; init: RequestInit } {
    const { route } = createRouteMatcher(ROUTES)(method, path.replace(/\{[^}]+\}/g, 'sample'));
    const names = segmentsOf(route.path);
    const input: Record<string, unknown> = { ...route.docs?.example };
    const filled = segmentsOf(path).map((segment, at) => {
      const name = (names[at] ?? '').slice(1, -1);
      const value = isParameter(segment) ? encodeURIComponent(String(input[name])) : segment;
      if (isParameter(names[at] ?? '')) delete input[name];
      return value;
    });
    const target = `/${filled.join('/')}${path.endsWith('/') ? '/' : ''}`;
    if (method !== 'GET') return { target, init: { headers: JSON_TYPE, body: JSON.stringify(input) } };
    const query = new URLSearchParams(Object.entries(input).map(([name, value]) => [name, String(value)]));
    return { target: `${target}?${query.toString()}`, init: {} };
  }

  it.each(DOCUMENTED)('responds to $method $path', async (documented) => {
    const { target, init } = toRequest(documented);
    const leave = new AbortController();
    const response = await fetch(`${app.url}/api${target}`, {
      ...init,
      method: documented.method,
      redirect: 'manual',
      signal: leave.signal,
    });
    const isStream = /^text\/event-stream/.test(response.headers.get('content-type') ?? '');
    const body = isStream ? '' : await response.text();
    leave.abort();
    expect(body).not.toContain('Unknown route');
    expect([405, 500], body).not.toContain(response.status);
    expect(response.status, body).toBeLessThan(500);
  });
});
