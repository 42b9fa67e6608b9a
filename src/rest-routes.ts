import { AUTH_ROUTES } from './rest/auth/routes.js';
import { CATALOG_ROUTES } from './rest/catalog/routes.js';
import { CATALOG_LIST_ROUTES } from './rest/catalog/list-routes.js';
import { CONFIG_ROUTES } from './rest/settings/routes.js';
import { CONFIG_WATCH_ROUTES } from './rest/settings/watch-routes.js';
import { DOWNLOAD_ROUTES } from './rest/downloads/routes.js';
import { HISTORY_ROUTES } from './rest/history/routes.js';
import { HISTORY_SUMMARY_ROUTES } from './rest/history/summary-routes.js';
import { TASK_CONTROL_ROUTES } from './rest/tasks/control-routes.js';
import { TASK_STREAM_ROUTES } from './rest/tasks/stream-routes.js';
import { TASK_UPDATES_ROUTES } from './rest/tasks/updates-routes.js';
import { TASK_ROUTES } from './rest/tasks/routes.js';
import type { AnyRoute } from './rest/route.js';

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
