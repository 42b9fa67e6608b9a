import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { AudioSource, Rendition } from '../../src/catalog/audio-source.js';
import { UpstreamFailedError } from '../../src/lib/errors.js';
import { bareFfmpeg, createWorkspace } from './audio.js';

/** How the server responds to a request for audio. */
export type Answer =
  | 'good'
  /** Some bytes, then silence on an open socket. */
  | 'stall'
  /** Half of what it promised, then the socket is gone. */
  | 'cut'
  /** Half, ended as if it were complete: the protocol does not show it. */
  | 'short'
  | 'garbage'
  | 'empty'
  | 'error'
  /** Some bytes, and the rest after `release`. */
  | 'hold';

/** A misbehaving HTTP server with one real piece of music, `seconds` long. */
export interface AudioServer {
  url: string;
  sizeBytes: number;
  durationMs: number;
  /** How the path responds: the first to the first request and so on, the last to all that follow. */
  answer(path: string, ...answers: [Answer, ...Answer[]]): void;
  /** The requests for a path, in order: the offset of each, null without Range. */
  offsets(path: string): (number | null)[];
  /** Responses of a path that are neither complete nor aborted by the client. */
  open(path: string): number;
  /** Continues the paused responses of a path. */
  release(path: string): void;
  close(): Promise<void>;
}

/** More than sockets buffer on the way, so that what was cut off never arrived. */
const FIRST_BYTES = 16_384;
const GARBAGE = Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 167) & 0x7f));

interface Path {
  answers: Answer[];
  offsets: (number | null)[];
  open: Set<ServerResponse>;
  held: (() => void)[];
}

export async function createAudioServer({ seconds = 10 } = {}): Promise<AudioServer> {
  const audio = await makeNoise(seconds);
  const paths = new Map<string, Path>();
  const server = createServer((request, response) => {
    const path = paths.get(request.url ?? '');
    if (!path) return void response.writeHead(404).end();
    const offset = offsetOf(request);
    path.offsets.push(offset);
    path.open.add(response);
    response.once('close', () => path.open.delete(response));
    const answer = path.answers.length > 1 ? path.answers.shift() : path.answers[0];
    const hold = (goOn: () => void) => void path.held.push(goOn);
    give(answer ?? 'good', response, { audio, offset, hold });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sizeBytes: audio.length,
    durationMs: seconds * 1000,
    answer: (path, ...answers) => void paths.set(path, { answers, offsets: [], open: new Set(), held: [] }),
    offsets: (path) => paths.get(path)?.offsets ?? [],
    open: (path) => paths.get(path)?.open.size ?? 0,
    release: (path) =>
      paths
        .get(path)
        ?.held.splice(0)
        .forEach((goOn) => goOn()),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Noise, because it does not compress: a file of some size after a moment of work. */
async function makeNoise(seconds: number): Promise<Buffer> {
  const workspace = await createWorkspace();
  const path = workspace.file('noise.flac');
  await bareFfmpeg(
    '-f',
    'lavfi',
    '-i',
    `anoisesrc=duration=${seconds}:seed=1:amplitude=0.3`,
    '-ar',
    '44100',
    path,
  );
  const audio = await readFile(path);
  await workspace.remove();
  return audio;
}

function offsetOf({ headers }: IncomingMessage): number | null {
  const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
  return from === undefined ? null : Number(from);
}

interface Giving {
  audio: Buffer;
  offset: number | null;
  hold: (goOn: () => void) => void;
}

function give(answer: Answer, response: ServerResponse, { audio, offset, hold }: Giving): void {
  if (answer === 'error') return void response.writeHead(500).end('Out of order');
  if (answer === 'garbage') return void response.end(GARBAGE);
  if (answer === 'empty') return void response.end();
  const bytes = audio.subarray(offset ?? 0);
  const half = bytes.subarray(0, bytes.length / 2);
  if (answer === 'short') return void response.writeHead(200, { 'transfer-encoding': 'chunked' }).end(half);
  response.writeHead(offset === null ? 200 : 206, { 'content-length': bytes.length });
  if (answer === 'good') return void response.end(bytes);
  if (answer === 'cut') return void response.write(half, () => response.destroy());
  response.write(bytes.subarray(0, FIRST_BYTES));
  if (answer === 'hold') hold(() => response.end(bytes.subarray(FIRST_BYTES)));
}

/** What a source has of a track: a path of an audio server, and what it says about it. */
export type Offer = { path: string } & Partial<Pick<Rendition, 'sizeBytes' | 'checksum' | 'resumable'>>;

/** A source that streams the offered tracks, by id, from an audio server. */
export function createHttpSource(server: AudioServer, offers: ReadonlyMap<string, Offer>): AudioSource {
  return {
    name: 'http',
    find: ({ id }) => Promise.resolve(toRendition(server, offers.get(id))),
    async open(rendition, { offsetBytes, signal }) {
      const headers = offsetBytes > 0 ? { range: `bytes=${offsetBytes}-` } : {};
      const response = await fetch(rendition.ref, { headers, signal });
      if (!response.ok) throw new UpstreamFailedError(`The source answered ${response.status}.`);
      return Readable.fromWeb(response.body as ReadableStream);
    },
  };
}

function toRendition({ url, durationMs }: AudioServer, offer: Offer | undefined): Rendition | null {
  if (!offer) return null;
  return {
    source: 'http',
    ref: `${url}${offer.path}`,
    codec: 'flac',
    bitrateKbps: null,
    durationMs,
    sizeBytes: offer.sizeBytes ?? null,
    checksum: offer.checksum ?? null,
    localPath: null,
    licence: 'CC0-1.0',
    resumable: offer.resumable ?? false,
  };
}
