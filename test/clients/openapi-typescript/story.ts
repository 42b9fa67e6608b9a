import createClient from 'openapi-fetch';
import type { components, paths } from './generated.js';

type Message = components['schemas']['TaskStreamMessage'];
type DownloadOptions = components['schemas']['DownloadOptions'];

const url = process.env['REPRISE_URL'] ?? 'http://127.0.0.1:7171';
const { GET, POST } = createClient<paths>({ baseUrl: `${url}/api` });

/** The body, unless the request failed. */
async function bodyOf<Body>(response: Promise<{ data?: Body; error?: { error: string } }>): Promise<Body> {
  const { data, error } = await response;
  if (data === undefined) throw new Error(error?.error ?? 'The response has no body.');
  return data;
}

/** The id of the task. */
async function download(id: string, body: DownloadOptions): Promise<string> {
  return (await bodyOf(POST('/album/download/{id}', { params: { path: { id } }, body }))).task_id;
}

/** Prints the status of a task in each event of the stream, which has no end, until the task has finished. */
async function follow(id: string): Promise<void> {
  const stop = new AbortController();
  const stream = await bodyOf(GET('/prgs/stream', { parseAs: 'stream', signal: stop.signal }));
  let text = '';
  for await (const chunk of stream?.pipeThrough(new TextDecoderStream()) ?? []) {
    const frames = (text + chunk).split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const { tasks } = JSON.parse(frame.slice(frame.indexOf('data: ') + 'data: '.length)) as Message;
      const task = tasks.find(({ task_id }) => task_id === id);
      if (task) console.log(`${task.status} ${Math.round(task.progress)} %`);
      if (task?.summary) return stop.abort();
    }
  }
}

const query = { q: 'night ferry', type: 'album', limit: 1 } as const;
const [album] = (await bodyOf(GET('/search', { params: { query } }))).items;
if (album?.type !== 'album') throw new Error('No album was found.');
console.log(`${album.name}, ${album.total_tracks} tracks`);

const id = await download(album.id, { convertTo: 'MP3', bitrate: '128k' });
await follow(id);
const children = await bodyOf(GET('/history/{task_id}/children', { params: { path: { task_id: id } } }));
for (const { quality_format, file_path } of children.tracks) console.log(quality_format, file_path);

// As slow as playback, so that it is still there to be canceled.
const path = { task_id: await download('demo:low-tide-radio', { real_time: true }) };
console.log((await bodyOf(POST('/prgs/cancel/{task_id}', { params: { path } }))).status);
const retried = await bodyOf(POST('/prgs/retry/{task_id}', { params: { path } }));
console.log(retried.status, retried.name);

await download('demo:no-such-album', {}).catch((error: Error) => console.log(error.message));
