import './sign-in/api-keys.graphql.js';
import './auth/audit.graphql.js';
import './auth/auth.graphql.js';
import './accounts/account-mutations.graphql.js';
import './accounts/accounts.graphql.js';
import './accounts/provider-status.graphql.js';
import './sign-in/sign-in.graphql.js';
import './sso/sso.graphql.js';
import './catalog/catalog.graphql.js';
import './catalog/elsewhere.graphql.js';
import './library/library.graphql.js';
import './catalog/item-types.graphql.js';
import './catalog/playlist-types.graphql.js';
import './settings/settings.graphql.js';
import './settings/settings-updates.graphql.js';
import './downloads/downloads.graphql.js';
import './history/history.graphql.js';
import './live/internal.graphql.js';
import './live/live.graphql.js';
import './tasks/task-mutations.graphql.js';
import './tasks/task-type.graphql.js';
import './tasks/tasks.graphql.js';
import './upstream/spotify/spotify.graphql.js';
import './users/users.graphql.js';
import './watches/watch-members.graphql.js';
import './watches/watch-mutations.graphql.js';
import './watches/watch-type.graphql.js';
import './watches/watches.graphql.js';
import './graphql/error-types.js';
import './graphql/scalars.js';
import { PothosSubGraphPlugin } from '@pothos/plugin-sub-graph';
import { builder } from './graphql/builder.js';
import { describeRequirements } from './graphql/field-rules.js';
import { MAX_COMPLEXITY, QUERY_LIMITS } from './graphql/limits.js';
import { withPlainIds } from './graphql/node-id.js';

/** What REST documents run against: the public schema and the fields marked INTERNAL. */
export const internalSchema = describeRequirements(withPlainIds(builder.toSchema()));

/** What clients see. Cut out of the other one, as `toSchema({ subGraph })` does after it has built all again. */
export const schema = PothosSubGraphPlugin.createSubGraph(internalSchema, 'public', builder);

/** The first page of GraphiQL's documentation. */
schema.description = `Reprise: search catalogs, download music, follow downloads.

Where to begin:
- \`search\` finds tracks, albums, playlists and artists. \`queueDownload\` downloads one, and returns a task at once.
- \`taskUpdates\` is the live stream that follows tasks; \`task\` and \`tasks\` show them, \`history\` those of the past.
- \`cancelTask\`, \`pauseTask\`, \`retryTask\` and others control a task with all its children.
- \`updateSettings\` changes the download folder (\`downloadPath\`), format, quality and the rest.

Ids: \`<Type>:<id>\`, such as \`Album:demo:night-ferry\` or \`Task:<uuid>\`; \`node\` fetches any of them.

Errors: what a client can handle is a member of a mutation's result. Select \`... on Error { code message }\` beside \`__typename\`. All else is in \`errors[]\` with \`extensions.code\`.

Access: where AUTH_ENABLED is on, a token or an API key in the header Authorization (Bearer) or, over WebSocket, in connection_init. Users have the scopes READ, DOWNLOAD and MANAGE for what is their own, admins also ADMIN and everybody’s; an API key may have fewer. Fields that require more than READ say so.

Transport: POST JSON, or GET for queries. Subscriptions go over WebSocket (graphql-transport-ws) or server-sent events (\`accept: text/event-stream\`), on the same path. The schema as text: [/schema.graphql](/schema.graphql). The REST API: [/api/docs](/api/docs).

Limits: ${QUERY_LIMITS.depth} levels, ${QUERY_LIMITS.rootFields} root fields, ${QUERY_LIMITS.aliases} aliases, ${QUERY_LIMITS.tokens} tokens, a cost of ${MAX_COMPLEXITY}; the header \`graphql-cost: 1\` shows what an operation costs.`;
