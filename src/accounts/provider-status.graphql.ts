import { builder, enumTypeOf } from '../graphql/builder.js';
import {
  accountState,
  listCatalogStatuses,
  listSourceStatuses,
  sourceState,
  type SourceStatus,
} from './provider-status.js';

const SourceStatusType = builder.objectRef<SourceStatus>('SourceStatus').implement({
  description:
    'State of a catalog, which says what a track is, or of a source, which supplies audio. All processes of the server know it together, and it survives restarts.',
  fields: (t) => ({
    name: t.exposeString('name', {
      description:
        'Name of the catalog or source, for example `deezer`: the part of its ids before the colon.',
    }),
    enabled: t.boolean({
      description: 'Whether it is set up on this server.',
      resolve: ({ state }) => state !== 'DISABLED',
    }),
    healthy: t.boolean({
      description: 'Whether its `state` is READY.',
      resolve: ({ state }) => state === 'READY',
    }),
    state: t.expose('state', {
      type: enumTypeOf(sourceState),
      description: 'Whether it can be used now, and why not.',
    }),
    account: t.expose('account', {
      type: enumTypeOf(accountState),
      description: 'Whether it needs an account, and has one.',
    }),
    setup: t.exposeString('setup', {
      nullable: true,
      description: 'How to set it up, in English; null if it is enabled.',
    }),
    limitedUntil: t.expose('limitedUntil', {
      type: 'DateTime',
      nullable: true,
      description:
        'Until then nothing is requested from it; tasks that need it are RETRYING, all others continue. Null if requests are sent.',
    }),
    lastSuccessAt: t.expose('lastSuccessAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it last answered as it should, some seconds late; null if it never did.',
    }),
    lastErrorAt: t.expose('lastErrorAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When a request to it last failed or was limited; null if none was.',
    }),
    lastError: t.exposeString('lastError', {
      nullable: true,
      description: 'Why that request failed, in English and without secrets; null if none did.',
    }),
  }),
});

builder.queryFields((t) => ({
  catalogs: t.field({
    type: [SourceStatusType],
    description: 'The catalogs that this server knows, those that are set up first.',
    resolve: (_root, _args, context) => listCatalogStatuses(context),
  }),
  sources: t.field({
    type: [SourceStatusType],
    description: 'The sources of audio that this server knows, in the order in which they are tried.',
    resolve: (_root, _args, context) => listSourceStatuses(context),
  }),
}));
