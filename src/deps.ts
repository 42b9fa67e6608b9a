import type { LiveAccessDeps } from './sign-in/live-access.js';
import type { AuthDeps } from './sign-in/tokens.js';
import type { CatalogDeps } from './catalog/catalog-source.js';
import type { CoverDeps } from './covers/covers.js';
import type { LibraryDeps } from './library/tag-reader.js';
import type { LiveDeps } from './live/task-feed.js';
import type { Platform } from './platform.js';
import type { QueueDeps } from './queue/leases.js';
import type { SettingsDeps } from './settings/live-settings.js';
import type { SsoDeps } from './sso/providers.js';
import type { TaskDeps } from './tasks/task-counter.js';
import type { SpotifyDeps } from './upstream/spotify/client.js';
import type { WatchDeps } from './watches/watch-feed.js';

/** Everything that app.ts creates. A use case picks the few members that it needs. */
export type Deps = Platform &
  AuthDeps &
  LiveAccessDeps &
  SsoDeps &
  CatalogDeps &
  CoverDeps &
  SettingsDeps &
  LibraryDeps &
  TaskDeps &
  QueueDeps &
  LiveDeps &
  SpotifyDeps &
  WatchDeps;
