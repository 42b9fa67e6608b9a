/** What a client in TypeScript does with the types of openapi-typescript; its test generates them. */
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema.js';

type Task = components['schemas']['Task'];
type Message = components['schemas']['TaskStreamMessage'];

const [, , url = ''] = process.argv;
const client = createClient<paths>({ baseUrl: `${url}/api` });
console.log(JSON.stringify(await runStory(client)));

async function runStory({ GET, POST }: Client<paths>) {
  const query = { q: 'night ferry', type: 'album', limit: 1 } as const;
  const found = await GET('/search', { params: { query } });
  const [album] = (found.data?.items ?? []).flatMap((item) => (item.type === 'album' ? [item] : []));
  if (!album) throw new Error('The search found no album.');

  const stop = new AbortController();
  const stream = await GET('/prgs/stream', { parseAs: 'stream', signal: stop.signal });
  const queued = await POST('/album/download/{id}', {
    params: { path: { id: album.id } },
    body: { convertTo: 'MP3', bitrate: '128k' },
  });
  const id = queued.data?.task_id ?? '';
  const task = await follow(stream.data, id);
  stop.abort();

  const children = await GET('/history/{task_id}/children', { params: { path: { task_id: id } } });
  return {
    title: album.name,
    tracks: album.total_tracks,
    firstArtist: album.artists[0]?.name,
    status: task.status,
    successful: task.summary?.total_successful,
    formats: children.data?.tracks.map(({ quality_format }) => quality_format),
    files: children.data?.tracks.map(({ file_path }) => file_path),
    ...(await cancelAndRetry({ GET, POST })),
  };
}

/** A download that takes as long as its music, so that it is there to be cancelled. */
async function cancelAndRetry({ POST }: Pick<Client<paths>, 'GET' | 'POST'>) {
  const queued = await POST('/album/download/{id}', {
    params: { path: { id: 'demo:low-tide-radio' } },
    body: { convertTo: 'mp3', real_time: true },
  });
  const path = { task_id: queued.data?.task_id ?? '' };
  const cancelled = await POST('/prgs/cancel/{task_id}', { params: { path } });
  const again = await POST('/prgs/cancel/{task_id}', { params: { path } });
  const retried = await POST('/prgs/retry/{task_id}', { params: { path } });
  await POST('/prgs/cancel/{task_id}', { params: { path } });
  const refused = await POST('/album/download/{id}', {
    params: { path: { id: 'demo:low-tide-radio' } },
    // @ts-expect-error There is no such format.
    body: { convertTo: 'MP4' },
  });
  return {
    cancelled: cancelled.data?.status,
    cancelledAgain: again.error?.error,
    retried: retried.data?.task_id === path.task_id,
    refused: refused.error?.error,
  };
}

/** The task as the event says that shows it finished. */
async function follow(body: ReadableStream<Uint8Array> | null | undefined, id: string): Promise<Task> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const { tasks } = JSON.parse(frame.slice(frame.indexOf('data: ') + 'data: '.length)) as Message;
      const task = tasks.find(({ task_id }) => task_id === id);
      if (task?.summary) return task;
    }
  }
  throw new Error('The stream ended before the task did.');
}
