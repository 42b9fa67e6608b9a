import { createApp } from './app.js';
import { EnvError, type Env } from './env.js';
import { aborted } from './lib/async.js';
import { messageOf } from './lib/errors.js';

/** Until `stop` aborts. A part of a library that still holds the process open must not keep it. */
export async function runServer(env: Env, stop: AbortSignal): Promise<never> {
  const app = await createApp(env, { stop }).catch((thrown: unknown) => {
    if (thrown instanceof EnvError) throw thrown;
    throw new Error(`Reprise could not start: ${messageOf(thrown)}`, { cause: thrown });
  });
  const { log } = app.deps;
  log.info({ role: env.role, url: app.http?.url }, 'Reprise is up');
  await aborted(stop);
  log.info({ signal: stop.reason as unknown }, 'stopping');
  await app.stop();
  process.exit(0);
}
