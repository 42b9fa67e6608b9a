import { Agent, request } from 'node:http';

export interface Target {
  url: string;
  /** Sent as JSON by POST; without one it is a GET. */
  body?: string;
  headers?: Record<string, string>;
}

export interface Measured {
  requestsPerSecond: number;
  latenciesMs: number[];
}

export interface Pressure {
  connections: number;
  durationMs: number;
}

/** Asks again and again over so many kept connections, each as soon as it has its answer. */
export async function load(target: Target, { connections, durationMs }: Pressure): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const client = async () => {
    while (performance.now() - startedAt < durationMs) latenciesMs.push(await timeOf(target, agent));
  };
  try {
    await Promise.all(Array.from({ length: connections }, client));
    const seconds = (performance.now() - startedAt) / 1000;
    return { requestsPerSecond: latenciesMs.length / seconds, latenciesMs };
  } finally {
    agent.destroy();
  }
}

/** Milliseconds until the whole answer is there; anything but 200 is an error. */
export function timeOf({ url, body, headers: own }: Target, agent?: Agent): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { ...(body !== undefined && { 'content-type': 'application/json' }), ...own };
    const method = body === undefined ? 'GET' : 'POST';
    request(url, { agent, method, headers }, (response) => {
      response.resume();
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - startedAt);
        else reject(new Error(`${method} ${url} answered ${response.statusCode}.`));
      });
    })
      .once('error', reject)
      .end(body);
  });
}
