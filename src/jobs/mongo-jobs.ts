import { createHash } from 'node:crypto';
import { MongoBackend } from '@agendajs/mongo-backend';
import { MongoClient, MongoServerError, ObjectId, type Collection, type Db, type Document } from 'mongodb';
import { messageOf } from '../lib/errors.js';
import type { JobRecords, JobStore, RecurringJob } from './job-store.js';
import { later } from './store-clock.js';

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

export async function readMongoVersion(url: string): Promise<string> {
  const client = createClient(url);
  try {
    const { version } = await client.db('admin').command({ buildInfo: 1 });
    return String(version);
  } catch (cause) {
    const why = `MongoDB does not answer, or refuses: ${messageOf(cause)}.`;
    throw new Error(`${why} Check MONGODB_URL, and that the server is up.`, { cause });
  } finally {
    await client.close();
  }
}

const COLLECTION = 'jobs';

function createMongoRecords(client: MongoClient, db: Db): JobRecords {
  const jobs = db.collection(COLLECTION);
  const readTime = async (): Promise<Date> => {
    const { localTime } = await db.command({ hello: 1 }).catch((thrown: unknown) => {
      // Databases that are compatible with MongoDB may know the earlier name only.
      if (hasCode(thrown, COMMAND_NOT_FOUND)) return db.command({ isMaster: 1 });
      throw thrown;
    });
    return localTime instanceof Date ? localTime : new Date();
  };
  return {
    // Change streams would need a replica set. Within one process a wake needs no poll.
    pollEveryMs: 100,
    async restore(recurring) {
      await jobs.createIndex({ name: 1, nextRunAt: 1, priority: -1, lockedAt: 1 }, { name: 'next_job' });
      const now = await readTime();
      for (const job of recurring) await keepRecurring(jobs, job, now);
      // Set by a clock that was wrong, they would outlast their holder by as much.
      await jobs.updateMany({ lockedAt: { $gt: later(now, 1_000) } }, { $set: { lockedAt: now } });
      await jobs.deleteMany({ type: 'normal', nextRunAt: null, lockedAt: null });
    },
    readTime,
    async ping() {
      await db.command({ ping: 1 });
    },
    announce: () => Promise.resolve(),
    listen: () => Promise.resolve(),
    close: () => client.close(),
  };
}

const COMMAND_NOT_FOUND = 59;
const DUPLICATE_KEY = 11_000;

function hasCode(thrown: unknown, code: number): boolean {
  return thrown instanceof MongoServerError && thrown.code === code;
}

/** Agenda's `every` would release a running job's lock, and create two records when called twice at once. */
async function keepRecurring(jobs: Collection, { name, everyMs }: RecurringJob, now: Date): Promise<void> {
  const _id = new ObjectId(createHash('sha256').update(name).digest('hex').slice(0, 24));
  const changed = { $set: { repeatInterval: everyMs }, $min: { nextRunAt: later(now, everyMs) } };
  const tooLate = { nextRunAt: { $gt: later(now, everyMs + 1_000) } };
  await jobs.updateOne({ _id, $or: [{ repeatInterval: { $ne: everyMs } }, tooLate] }, changed);
  const initial: Document = {
    name,
    type: 'single',
    repeatInterval: everyMs,
    nextRunAt: now,
    data: {},
  };
  const record = { ...initial, priority: 0, lockedAt: null, disabled: false };
  await jobs.updateOne({ _id }, { $setOnInsert: record }, { upsert: true }).catch((thrown: unknown) => {
    if (!hasCode(thrown, DUPLICATE_KEY)) throw thrown;
  });
}
