import { Pool } from 'pg';
import { describe } from 'vitest';
import { createTestDatabase } from '../kit/database.js';
import { createPostgresProxy } from '../kit/postgres-proxy.js';
import { describeJobRunner, type JobStoreUnderTest } from './agenda-contract.js';

describe('Agenda', () => {
  describeJobRunner('on PostgreSQL', openStore);
});

async function openStore(): Promise<JobStoreUnderTest> {
  const database = await createTestDatabase();
  const { url } = database;
  const pool = new Pool({ connectionString: url, max: 2 });
  // `end` does not wait for goodbyes, so that the drop may cut a connection that is about to close.
  pool.on('error', () => undefined);
  return {
    kind: 'postgresql',
    url,
    openProxy: () => createPostgresProxy(url),
    async count(name) {
      const { rows } = await pool.query<{ count: number }>(
        'SELECT count(*)::int AS count FROM agenda.jobs WHERE name = $1',
        [name],
      );
      return rows[0]!.count;
    },
    async forget(name) {
      await pool.query('DELETE FROM agenda.jobs WHERE name = $1', [name]);
    },
    async postpone(name, byMs) {
      await pool.query(
        `UPDATE agenda.jobs SET next_run_at = now() + $2 * interval '1 millisecond',
          locked_at = now() + $2 * interval '1 millisecond' WHERE name = $1`,
        [name, byMs],
      );
    },
    async lockedForMs(name) {
      const { rows } = await pool.query<{ ms: number }>(
        `SELECT (extract(epoch FROM now() - locked_at) * 1000)::float8 AS ms FROM agenda.jobs WHERE name = $1`,
        [name],
      );
      return rows[0]!.ms;
    },
    async close() {
      await pool.end();
      await database.drop();
    },
  };
}
