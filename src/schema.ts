import './auth/auth.graphql.js';
import './catalog/catalog.graphql.js';
import './library/library.graphql.js';
import './catalog/item-types.graphql.js';
import './catalog/playlist-types.graphql.js';
import './settings/settings.graphql.js';
import './downloads/downloads.graphql.js';
import './history/history.graphql.js';
import './live/live.graphql.js';
import './tasks/task-children.graphql.js';
import './tasks/task-mutations.graphql.js';
import './tasks/task-type.graphql.js';
import './tasks/tasks.graphql.js';
import './graphql/error-types.js';
import { builder } from './graphql/builder.js';
import { withPlainIds } from './graphql/node-id.js';

export const schema = withPlainIds(builder.toSchema());
