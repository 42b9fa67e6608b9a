import { builder } from '../graphql/builder.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  pageComplexity,
} from '../graphql/connection.js';
import type { CatalogItem } from './catalog-item.js';
import { findItemOfType } from './find-item.js';
import { getCatalog } from './get-catalog.js';
import { byId, catalogOf, EpisodeType, ImageType, ShowType } from './item-types.graphql.js';

const EpisodeConnection = createConnectionType('Episode', EpisodeType, 'a show’s episodes, the newest first');

builder.node(ShowType, {
  description: 'A podcast, as its catalogue describes it. It can be shown, and never queued.',
  id: byId,
  loadOne: (id, context) => findItemOfType(context, { id, type: 'SHOW' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'SHOW',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'The title.' }),
    publisher: t.exposeString('publisher', {
      description: 'Who makes it; empty where its catalogue does not say.',
    }),
    description: t.exposeString('description', { nullable: true, description: 'What it is about.' }),
    explicit: t.exposeBoolean('explicit', { description: 'Whether it is marked as explicit.' }),
    total: t.exposeInt('total', { description: 'Episodes.' }),
    languages: t.exposeStringList('languages', {
      description: 'Languages that are spoken, ISO 639-1, where known.',
    }),
    images: t.field({ type: [ImageType], description: 'Covers.', resolve: (show) => show.images }),
    url: t.exposeString('url', { nullable: true, description: 'A page about it for people.' }),
    catalog: t.string({ description: 'The catalogue that it is from.', resolve: catalogOf }),
    episodes: t.field({
      type: EpisodeConnection,
      description: 'Its episodes, the newest first.',
      args: offsetPageArgs(t),
      complexity: pageComplexity,
      resolve: ({ id }, args, context) =>
        connectOffsetPage(args, (page) => getCatalog(context, id).listShowEpisodes(id, page, context.signal)),
    }),
  }),
});

builder.node(EpisodeType, {
  description: 'An episode of a show, as its catalogue describes it. It can be shown, and never queued.',
  id: byId,
  loadOne: (id, context) => findItemOfType(context, { id, type: 'EPISODE' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'EPISODE',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'The title.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is about.' }),
    show: t.field({
      type: ShowType,
      nullable: true,
      description: 'The show that it is of; null where its catalogue does not say.',
      resolve: (episode) => episode.show,
    }),
    durationMs: t.exposeInt('durationMs', { description: 'Length in milliseconds; 0 when not known.' }),
    explicit: t.exposeBoolean('explicit', { description: 'Whether it is marked as explicit.' }),
    releaseDate: t.exposeString('releaseDate', {
      nullable: true,
      description: '`YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as exact as the catalogue knows.',
    }),
    images: t.field({ type: [ImageType], description: 'Covers.', resolve: (episode) => episode.images }),
    url: t.exposeString('url', { nullable: true, description: 'A page about it for people.' }),
    catalog: t.string({ description: 'The catalogue that it is from.', resolve: catalogOf }),
  }),
});
