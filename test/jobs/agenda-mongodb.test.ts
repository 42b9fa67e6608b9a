import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { openMongoJobs } from '../../src/jobs/mongo-jobs.js';
import { createTcpProxy } from '../kit/tcp-proxy.js';
import { describeJobRunner, type JobStoreUnderTest } from './agenda-contract.js';

const server = process.env['MONGODB_URL'];

describe.runIf(server)('Agenda', () => {
  describeJobRunner('on MongoDB', () => openStore(server!));
});

test.each(['mongodb://me:hunt/er2@db/jobs', 'mongodb://db:port/jobs', 'mongodb://'])(
  'rejects an invalid MONGODB_URL without showing its password: %s',
  async (url) => {
    const failure: unknown = await openMongoJobs(url).catch((thrown: unknown) => thrown);
    expect(String(failure)).toMatch(/^Error: MONGODB_URL is not a valid URL; expected: /);
    expect(String(failure)).not.toContain('hunt');
  },
);

/** A database of its own on the server. */
async function openStore(serverUrl: string): Promise<JobStoreUnderTest> {
  const url = new URL(serverUrl);
  url.pathname = `/reprise_test_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const client = await MongoClient.connect(url.href);
  const jobs = client.db().collection('jobs');
  return {
    kind: 'mongodb',
    url: url.href,
    async openProxy() {
      const proxy = await createTcpProxy({ host: url.hostname, port: Number(url.port || 27_017) });
      const through = new URL(url);
      through.host = `${proxy.host}:${proxy.port}`;
      through.searchParams.set('directConnection', 'true');
      return Object.assign(proxy, { url: through.href });
    },
    count: (name) => jobs.countDocuments({ name }),
    async forget(name) {
      await jobs.deleteMany({ name });
    },
    async postpone(name, byMs) {
      const at = new Date(Date.now() + byMs);
      await jobs.updateOne({ name }, { $set: { nextRunAt: at, lockedAt: at } });
    },
    async lockedForMs(name) {
      const job = await jobs.findOne<{ lockedAt: Date }>({ name });
      return Date.now() - job!.lockedAt.getTime();
    },
    async close() {
      await client.db().dropDatabase();
      await client.close();
    },
  };
}
