import './auth/auth.graphql.js';
import './catalog/catalog.graphql.js';
import './library/library.graphql.js';
import './catalog/item-types.graphql.js';
import './catalog/playlist-types.graphql.js';
import './settings/settings.graphql.js';
import './downloads/downloads.graphql.js';
import './history/history.graphql.js';
import './live/changed-tasks.graphql.js';
import './tasks/task-children.graphql.js';
import './tasks/task-mutations.graphql.js';
import './tasks/task-type.graphql.js';
import './live/task-updates.graphql.js';
import './tasks/tasks.graphql.js';
import './graphql/error-types.js';
import './graphql/scalars.js';
import { builder } from './graphql/builder.js';
import { withPlainIds } from './graphql/plain-ids.js';

/** The whole schema: only collects what the domains add. */
export const schema = withPlainIds(builder.toSchema());
