import './auth/auth-status.graphql.js';
import './auth/users.graphql.js';
import './catalog/catalog.graphql.js';
import './catalog/item-types.graphql.js';
import './library/library.graphql.js';
import './catalog/show-types.graphql.js';
import './catalog/album-group.graphql.js';
import './settings/audio-format.graphql.js';
import './settings/settings-mutations.graphql.js';
import './settings/settings.graphql.js';
import './settings/watch-settings.graphql.js';
import './downloads/downloads.graphql.js';
import './downloads/path-preview.graphql.js';
import './history/history-stats.graphql.js';
import './history/history.graphql.js';
import './live/live.graphql.js';
import './tasks/task-children.graphql.js';
import './tasks/task-mutations.graphql.js';
import './tasks/task-owner.graphql.js';
import './tasks/task-parts.graphql.js';
import './tasks/task-type.graphql.js';
import './tasks/tasks.graphql.js';
import './graphql/error-types.js';
import './graphql/scalars.js';
import { builder } from './graphql/builder.js';
import { withPlainIds } from './graphql/plain-ids.js';

/** The whole schema: only collects what the domains add. */
export const schema = withPlainIds(builder.toSchema());
