/** HEALTHCHECK of the image: whether the server answers. A worker listens on no port, so that it runs is all to check. */
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import process from 'node:process';

const { HOST, ROLE } = process.env;
const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[HOST] ?? HOST;
const port = process.env.PORT || 7171;

/** "reprise worker" sets no ROLE here. It is what process 1 runs, which may be an init or a shell. */
const isWorker = () =>
  ROLE === 'worker' || /[\s\0/]reprise[\s\0]worker[\s\0]*$/.test(readFileSync('/proc/1/cmdline', 'utf8'));

if (!isWorker()) {
  const request = get({ host, port, path: '/healthz', timeout: 5_000 }, (response) => {
    process.exit(response.statusCode === 200 ? 0 : 1);
  });
  request.on('timeout', () => request.destroy(new Error('no answer within 5 seconds')));
  request.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
}
