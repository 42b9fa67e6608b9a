import { messageOf, systemCodeOf } from '../lib/errors.js';
import { serveRequests } from '../lib/worker-process.js';
import { parseCover, parseTags } from './parse-tags.js';
import { UnreadableTagsError } from './raw-tags.js';
import type { TagReply, TagRequest } from './tag-processes.js';

async function answer({ kind, path }: TagRequest): Promise<TagReply> {
  try {
    return kind === 'tags' ? { tags: await parseTags(path) } : { cover: await parseCover(path) };
  } catch (error) {
    const fault = error instanceof UnreadableTagsError;
    return { failure: { message: messageOf(error), code: systemCodeOf(error), fault } };
  }
}

serveRequests(answer);
