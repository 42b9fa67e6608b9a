import { AUTH_ROUTES } from '../auth/auth.rest.js';
import { CATALOG_ROUTES } from '../catalog/catalog.rest.js';
import { CATALOG_LIST_ROUTES } from '../catalog/catalog-lists.rest.js';
import { CONFIG_ROUTES } from '../config/config.rest.js';
import { CONFIG_WATCH_ROUTES } from '../config/config-watch.rest.js';
import { DOWNLOAD_ROUTES } from '../downloads/downloads.rest.js';
import { HISTORY_ROUTES } from '../history/history.rest.js';
import { HISTORY_SUMMARY_ROUTES } from '../history/history-summary.rest.js';
import { TASK_CONTROL_ROUTES } from '../tasks/task-control.rest.js';
import { TASK_STREAM_ROUTES } from '../tasks/task-stream.rest.js';
import { TASK_UPDATES_ROUTES } from '../tasks/task-updates.rest.js';
import { TASK_ROUTES } from '../tasks/tasks.rest.js';
import type { AnyRoute } from './route.js';

/** Everything under /api. The order does not matter: a path without parameters goes before one with. */
export const ROUTES: readonly AnyRoute[] = [
  ...AUTH_ROUTES,
  ...CATALOG_ROUTES,
  ...CATALOG_LIST_ROUTES,
  ...CONFIG_ROUTES,
  ...CONFIG_WATCH_ROUTES,
  ...DOWNLOAD_ROUTES,
  ...HISTORY_ROUTES,
  ...HISTORY_SUMMARY_ROUTES,
  ...TASK_ROUTES,
  ...TASK_CONTROL_ROUTES,
  ...TASK_UPDATES_ROUTES,
  ...TASK_STREAM_ROUTES,
];
