import '../auth/auth-status.graphql.js';
import '../auth/users.graphql.js';
import '../catalog/catalog.graphql.js';
import '../catalog/item-types.graphql.js';
import '../catalog/library.graphql.js';
import '../catalog/show-types.graphql.js';
import '../config/album-group.graphql.js';
import '../config/audio-format.graphql.js';
import '../config/settings-mutations.graphql.js';
import '../config/settings.graphql.js';
import '../config/watch-settings.graphql.js';
import '../downloads/downloads.graphql.js';
import '../downloads/path-preview.graphql.js';
import '../history/history-stats.graphql.js';
import '../history/history.graphql.js';
import '../tasks/changed-tasks.graphql.js';
import '../tasks/task-children.graphql.js';
import '../tasks/task-mutations.graphql.js';
import '../tasks/task-parts.graphql.js';
import '../tasks/task-type.graphql.js';
import '../tasks/task-updates.graphql.js';
import '../tasks/tasks.graphql.js';
import './error-types.js';
import './scalars.js';
import { builder } from './builder.js';
import { withPlainIds } from './plain-ids.js';

/** The whole schema: only collects what the domains add. */
export const schema = withPlainIds(builder.toSchema());
