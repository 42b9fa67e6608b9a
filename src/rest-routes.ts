import { AUTH_ROUTES } from './rest/auth/routes.js';
import { CATALOG_ROUTES } from './rest/catalog/routes.js';
import { CREDENTIAL_ROUTES } from './rest/credentials/routes.js';
import { DOWNLOAD_ROUTES } from './rest/downloads/routes.js';
import { HISTORY_ROUTES } from './rest/history/routes.js';
import { CONFIG_ROUTES } from './rest/settings/routes.js';
import { SSO_ROUTES } from './rest/sso/routes.js';
import { TASK_ROUTES } from './rest/tasks/routes.js';
import { TASK_STREAM_ROUTES } from './rest/tasks/stream.js';
import { WATCH_ROUTES } from './rest/watches/routes.js';
import type { AnyRoute } from './rest/route.js';

/** All routes below /api, in any order: a path without parameters is matched before one with them. */
export const ROUTES: readonly AnyRoute[] = [
  ...AUTH_ROUTES,
  ...CATALOG_ROUTES,
  ...CONFIG_ROUTES,
  ...CREDENTIAL_ROUTES,
  ...DOWNLOAD_ROUTES,
  ...HISTORY_ROUTES,
  ...SSO_ROUTES,
  ...TASK_ROUTES,
  ...TASK_STREAM_ROUTES,
  ...WATCH_ROUTES,
];
