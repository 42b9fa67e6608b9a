/**
 * The baseline of `GET /api/prgs/list`: a bare `node:http` server that runs one query for the 50 rows that the page
 * shows, live tasks first, and answers them as JSON. Each half comes from its index, as a good query would have it.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';

const COLUMNS = `"id", "kind", "state", "title", "artists", "album", "progress", "total", "succeeded", "skipped",
  "failed", "attempt", "retryAt", "createdAt", "startedAt", "finishedAt", "updatedAt", "dismissedAt", "errorMessage",
  "itemId"`;
const LIVE = `'QUEUED', 'RUNNING', 'RETRYING', 'PAUSED'`;
const ENDED = `'COMPLETED', 'SKIPPED', 'FAILED', 'CANCELLED'`;

const half = (number: number, states: string) => `
  (SELECT ${number} AS half, ${COLUMNS} FROM "Task"
   WHERE "state" IN (${states}) AND "parentId" IS NULL AND "dismissedAt" IS NULL
   ORDER BY "createdAt" DESC, "id" DESC LIMIT 50)`;
const QUERY = `${half(1, LIVE)} UNION ALL ${half(2, ENDED)} ORDER BY half, "createdAt" DESC, "id" DESC LIMIT 50`;

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
const server = createServer((_request, response) => {
  pool.query(QUERY).then(
    ({ rows }) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(rows));
    },
    (error: Error) => {
      response.statusCode = 500;
      response.end(error.message);
    },
  );
});
process.once('SIGTERM', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
