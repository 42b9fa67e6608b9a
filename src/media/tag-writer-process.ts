import { messageOf, systemCodeOf } from '../lib/errors.js';
import { serveRequests } from '../lib/worker-process.js';
import { type TagWrite, writeTags } from './write-tags.js';

export type WriteReply = { written: true } | { failure: { message: string; code: string | null } };

/** A process of its own (tag-writer.ts): the library is synchronous, and files from outside may be hostile. */
async function answer(write: TagWrite): Promise<WriteReply> {
  try {
    await writeTags(write);
    return { written: true };
  } catch (error) {
    return { failure: { message: messageOf(error), code: systemCodeOf(error) } };
  }
}

serveRequests(answer);
