import type { LatestUpdate } from '../events/latest-feed.js';
import { builder } from '../graphql/builder.js';
import type { SettingsRow } from './settings-store.js';
import { SettingsType, WatchSettingsType } from './settings.graphql.js';
import { toTableNode } from './table-fields.graphql.js';

const ChangedSettings = builder.unionType('ChangedSettings', {
  description: 'The download settings or the watch settings, whichever changed.',
  types: [SettingsType, WatchSettingsType],
  resolveType: ({ typename }) => typename,
});

const SettingsUpdate = builder.objectRef<LatestUpdate<SettingsRow>>('SettingsUpdate').implement({
  description: 'Settings as they are after a change.',
  fields: (t) => ({
    sequence: t.exposeString('sequence', {
      description:
        'Position of this update, in the same numbers as those of tasks and the library. To resume several streams with one number, pass the lowest of their latest as `since`.',
    }),
    initial: t.exposeBoolean('initial', {
      description: 'True for the settings that a subscription starts with, false for a change.',
    }),
    settings: t.field({
      type: ChangedSettings,
      description: 'All settings of the section that changed.',
      resolve: ({ row }) => toTableNode(row.key === 'DOWNLOADS' ? 'Settings' : 'WatchSettings', row),
    }),
  }),
});

builder.subscriptionField('settingsUpdates', (t) =>
  t.field({
    type: SettingsUpdate,
    description:
      'Settings as they change, after those in force; with `since`, after those that changed since then. For every signed-in user.',
    args: {
      since: t.arg.string({
        description: 'The `sequence` of an earlier update of any subscription, to resume after a disconnect.',
      }),
    },
    subscribe: (_root, { since }, { settingsFeed }) => settingsFeed.subscribe(since),
    resolve: (update: LatestUpdate<SettingsRow>) => update,
  }),
);
