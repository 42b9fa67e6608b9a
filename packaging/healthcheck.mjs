/** HEALTHCHECK of the image: whether the server answers. A worker listens on no port, so that it runs is all to check. */
import { get } from 'node:http';
import process from 'node:process';

const { HOST, PORT, ROLE } = process.env;
const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[HOST] ?? HOST;

if (ROLE !== 'worker') {
  const request = get({ host, port: PORT, path: '/healthz', timeout: 5_000 }, (response) => {
    process.exit(response.statusCode === 200 ? 0 : 1);
  });
  request.on('timeout', () => request.destroy(new Error('no answer within 5 seconds')));
  request.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
}
