import { startBuiltServer, type BuiltServer } from './built-server.js';
import { ms, quantile, report } from './figures.js';

const ROUNDS = 100;
const MAX_P95_MS = 250;

/**
 * From queued to running on an idle system, one process: a track that no source has runs and fails at once, so the
 * system is idle again for the next.
 */
export async function benchDispatch(): Promise<void> {
  const server = await startBuiltServer({ LOG_LEVEL: 'info' });
  try {
    const waits: number[] = [];
    for (let round = 0; round < ROUNDS; round++) waits.push(await waitToRun(server));
    const [p50, p95] = [quantile(waits, 0.5), quantile(waits, 0.95)];
    report('queued → running, idle, one process', `p50 ${ms(p50)}, p95 ${ms(p95)} (${ROUNDS} tracks)`, {
      ok: p95 <= MAX_P95_MS,
      budget: `p95 ≤ ${MAX_P95_MS} ms`,
    });
  } finally {
    await server.stop();
  }
}

const MISSING_TRACK = 'demo:rough-crossing-1-04';

async function waitToRun(server: BuiltServer): Promise<number> {
  const { queueDownload } = await server.execute<{ queueDownload: { task?: { id: string } } }>(
    `mutation { queueDownload(input: { item: "${MISSING_TRACK}", type: TRACK }) { ... on DownloadQueued { task { id } } } }`,
  );
  const id = queueDownload.task?.id;
  for (;;) {
    const { task } = await server.execute<{
      task: { finishedAt: string | null; createdAt: string; startedAt: string };
    }>('query ($id: ID!) { task(id: $id) { createdAt startedAt finishedAt } }', { id });
    if (task.finishedAt) return Date.parse(task.startedAt) - Date.parse(task.createdAt);
  }
}
