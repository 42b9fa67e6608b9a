import { createHash } from 'node:crypto';
import { MongoBackend } from '@agendajs/mongo-backend';
import { MongoClient, MongoServerError, ObjectId, type Collection, type Db, type Document } from 'mongodb';
import type { JobRecords, JobStore, RecurringJob } from './job-store.js';

export async function openMongoJobs(url: string): Promise<JobStore> {
  const client = createClient(url);
  const db = /^[^/]+\/\/[^/]+\/[^?]/.test(url) ? client.db() : client.db('reprise');
  const { repository } = new MongoBackend({ mongo: db, collection: COLLECTION, ensureIndex: false });
  await repository.connect();
  return { repository, records: createMongoRecords(client, db) };
}

function createClient(url: string): MongoClient {
  const timeLimits = { serverSelectionTimeoutMS: 3_000, connectTimeoutMS: 3_000, socketTimeoutMS: 5_000 };
  try {
    return new MongoClient(url, { ...timeLimits, appName: 'reprise jobs' });
  } catch {
    // The driver's own message would show a part of a password that holds a "/".
    throw new Error(
      'MONGODB_URL is not a valid URL; expected: mongodb://user:password@host:port/database, percent-encoded.',
    );
  }
}

const COLLECTION = 'jobs';

function createMongoRecords(client: MongoClient, db: Db): JobRecords {
  const jobs = db.collection(COLLECTION);
  return {
    // Change streams would need a replica set. Within one process a wake needs no poll.
    pollEveryMs: 100,
    async restore(recurring) {
      await jobs.createIndex({ name: 1, nextRunAt: 1, priority: -1, lockedAt: 1 }, { name: 'next_job' });
      for (const job of recurring) await keepRecurring(jobs, job);
      await jobs.deleteMany({ type: 'normal', nextRunAt: null, lockedAt: null });
    },
    async ping() {
      await db.command({ ping: 1 });
    },
    announce: () => Promise.resolve(),
    listen: () => Promise.resolve(),
    close: () => client.close(),
  };
}

/** Agenda's `every` would release a running job's lock, and create two records when called twice at once. */
async function keepRecurring(jobs: Collection, { name, everyMs }: RecurringJob): Promise<void> {
  const _id = new ObjectId(createHash('sha256').update(name).digest('hex').slice(0, 24));
  const soon = new Date(Date.now() + everyMs);
  const changed = { $set: { repeatInterval: everyMs }, $min: { nextRunAt: soon } };
  await jobs.updateOne({ _id, repeatInterval: { $ne: everyMs } }, changed);
  const initial: Document = {
    name,
    type: 'single',
    repeatInterval: everyMs,
    nextRunAt: new Date(),
    data: {},
  };
  const record = { ...initial, priority: 0, lockedAt: null, disabled: false };
  await jobs.updateOne({ _id }, { $setOnInsert: record }, { upsert: true }).catch((thrown: unknown) => {
    const DUPLICATE_KEY = 11_000;
    if (!(thrown instanceof MongoServerError && thrown.code === DUPLICATE_KEY)) throw thrown;
  });
}
