import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../src/rest-routes.js';
import { digestDatabase } from '../kit/database-digest.js';
import { seedExampleTasks, seedExampleUsers } from '../kit/example-tasks.js';
import { sendRaw, type RawReply } from '../kit/raw-request.js';
import { hostileRequestsFor, type HostileRequest } from './hostile-requests.js';
import { isId } from './hostile-values.js';
import { operationsOf, readDescription, type DescribedOperation } from './openapi-description.js';
import { startRest, type RestTestApp } from './rest-app.js';

let app: RestTestApp;
let described: DescribedOperation[];
beforeAll(async () => {
  app = await startRest({ as: 'ADMIN', overrides: { settings: { catalog: 'demo' } } });
  await seedExampleTasks(app);
  await seedExampleUsers(app);
  described = operationsOf(await readDescription(app));
});
afterAll(() => app.stop());

/** Of all that may not change. */
const digest = () => digestDatabase(app.env.database.kind === 'external' ? app.env.database.url : '');

/** What comes back here is a browser, which is sent on to a page that says what went wrong. */
const CALLBACK = /^\/api\/auth\/(?:sso|spotify)\/callback/;

/** What no client is told. */
const INSIDES = /\n\s+at |node_modules|\.[jt]s:\d|prisma|select |ENOENT/i;

/** What is wrong with the answer to a hostile request; null when nothing is. */
function complaintAbout(request: HostileRequest, { status, headers, text }: RawReply): string | null {
  // Whatever it is the id of, it is not watched.
  if (status === 200 && text === '{"is_watched":false}') return null;
  if (status === 302 && CALLBACK.test(request.path))
    return String(headers['location']).includes('?error=') ? null : 'redirects as if it had worked';
  if (!request.statuses.includes(status)) return `answers ${status}`;
  if (!/^application\/json/.test(String(headers['content-type']))) return 'is no JSON';
  if (INSIDES.test(text)) return 'shows what is inside';
  const { error, detail, details } = JSON.parse(text) as Record<string, unknown>;
  if (typeof error !== 'string' || error === '' || detail !== error) return 'has not the one shape';
  if (status === 405 && !headers['allow']) return 'does not say what is allowed';
  if (status !== 400 || request.field === undefined) return null;
  const { field } = (details ?? {}) as { field?: string };
  // The schema behind REST knows no field of ours: it says what is wrong with which id.
  if (field === undefined && isId(request.field)) return /\bid\b|catalog/.test(error) ? null : 'names no id';
  return field === request.field && error.includes(field) ? null : `names ${field ?? 'nothing'}`;
}

function describeRequest({ method, path, body = '', field = '' }: HostileRequest): string {
  return `${method} ${path.slice(0, 150)} ${body.slice(0, 100)} (${field})`;
}

const operations = ROUTES.flatMap(({ methods, path }) => methods.map((method) => ({ method, path })));

describe('hostile input', () => {
  it.each(operations)('is rejected by $method $path, and changes nothing', async ({ method, path }) => {
    const own = described.find((each) => each.path === path && each.method === method.toLowerCase());
    const all = own ? hostileRequestsFor(own) : [];
    // Of a stream's token nothing depends but who the viewer is, which the header says already.
    const requests = all.filter(({ field }) => path !== '/prgs/stream' || field !== 'token');
    const before = await digest();
    const complaints = await Promise.all(
      requests.map(async (request) => {
        const reply = await sendRaw(app.url, request);
        const complaint = complaintAbout(request, reply);
        return complaint && `${describeRequest(request)} ${complaint}: ${reply.text.slice(0, 200)}`;
      }),
    );
    expect(complaints.filter(Boolean)).toEqual([]);
    expect(requests.length).toBeGreaterThan(3);
    expect(await digest()).toEqual(before);
  });
});
