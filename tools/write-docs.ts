import { writeFile } from 'node:fs/promises';
import { PAGES_WITH_TABLES, renderEnvExample, renderPage } from './docs-tables.js';

for (const path of PAGES_WITH_TABLES) await writeFile(path, (await renderPage(path)).rendered);
await writeFile('.env.example', renderEnvExample());
