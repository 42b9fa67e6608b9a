/**
 * `npm run screenshot`: starts the built server on a free port with directories of its own, follows a download in
 * GraphiQL and writes docs/graphiql.png. Needs Chromium (CHROMIUM_PATH, else /usr/bin/chromium).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium, type Page } from 'playwright-core';

const PICTURE = 'docs/graphiql.png';
const SIZE = { width: 1280, height: 800 };
const WAIT_MS = 60_000;

const LIVE = `# Every track, as it is completed.
subscription Live {
  taskUpdates(
    filter: { kinds: [TRACK], states: [COMPLETED] }
  ) {
    sequence
    task {
      title
      artistNames
      item {
        ... on Track {
          isrc
          durationMs
        }
      }
      file {
        format
        bitrateKbps
        sizeBytes
        source
        licence
      }
      parent {
        title
        state
        completedCount
        childCount
      }
    }
  }
}
`;

const SEARCH = `query Search {
  search(query: "night") {
    edges {
      node {
        ... on Track {
          id
          title
        }
      }
    }
  }
}
`;

/** Five times as fast as it plays, so that it can be seen half done. */
const DOWNLOAD = `mutation Download {
  queueDownload(
    input: {
      item: "demo:night-ferry"
      type: ALBUM
      options: { format: MP3, bitrateKbps: 320, realTime: true, realTimeMultiplier: 5 }
    }
  ) {
    __typename
    ... on DownloadQueued {
      task {
        id
      }
    }
  }
}
`;

async function main(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'reprise-'));
  const server = startServer(scratch);
  try {
    await photograph(await listening(server));
  } finally {
    await stop(server);
    await rm(scratch, { recursive: true, force: true });
  }
}

function startServer(scratch: string): ChildProcess {
  const own = { DATA_DIR: join(scratch, 'data'), DOWNLOAD_DIR: join(scratch, 'downloads'), PORT: '0' };
  return spawn(process.execPath, ['dist/main.js'], {
    env: { ...process.env, ...own, LOG_LEVEL: 'info', CATALOG: 'demo', GRAPHIQL: 'true' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function listening(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`The server ended with status ${code ?? 'none'}.`)));
    if (!server.stdout) return reject(new Error('The server has no output.'));
    createInterface({ input: server.stdout }).on('line', (line) => {
      const { url, role } = JSON.parse(line) as { url?: string; role?: string };
      if (url && role) resolve(url);
    });
  });
}

async function photograph(url: string): Promise<void> {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    // Chromium has no sandbox for root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  try {
    const page = await browser.newPage({ viewport: SIZE });
    page.setDefaultTimeout(WAIT_MS);
    await openTabs(page, url);
    await page.getByRole('button', { name: 'Hide editor tools' }).click();
    await page.getByRole('button', { name: 'Execute query' }).click();
    await queue(url);
    await page.locator('.result-window', { hasText: /"completedCount":\s5/ }).waitFor();
    await page.screenshot({ path: PICTURE });
  } finally {
    await browser.close();
  }
}

/** GraphiQL restores its tabs, and which of them is open, from local storage. */
async function openTabs(page: Page, url: string): Promise<void> {
  const tabs = Object.entries({ Live: LIVE, Search: SEARCH, Download: DOWNLOAD }).map(([title, query]) => ({
    id: title,
    title,
    query,
    operationName: title,
    variables: '',
    headers: '',
    response: null,
  }));
  const stored = {
    'graphiql:tabState': JSON.stringify({ tabs, activeTabIndex: 0 }),
    'graphiql:query': LIVE,
    'graphiql:theme': 'light',
  };
  await page.addInitScript(`Object.assign(localStorage, ${JSON.stringify(stored)})`);
  await page.goto(`${url}/graphql`);
}

async function queue(url: string): Promise<void> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: DOWNLOAD }),
  });
  if (!response.ok) throw new Error(`The download was not queued: ${await response.text()}`);
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await ended;
}

await main();
