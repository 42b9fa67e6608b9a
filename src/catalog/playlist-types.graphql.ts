import { builder, enumTypeOf } from '../graphql/builder.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  pageComplexity,
} from '../graphql/connection.js';
import { encodeNodeId } from '../graphql/node-id.js';
import { providerOf, type CatalogItem } from './catalog-item.js';
import { entryAbsence, type PlaylistEntry } from './catalog-source.js';
import { addedAtOf, countOf, durationOf, imagesOf, releaseDateOf, urlOf } from './checked-fields.graphql.js';
import { findItemOfType, getCatalog } from './find-item.js';
import {
  ABOUT,
  idOf,
  EpisodeType,
  ImageType,
  PlaylistType,
  ShowType,
  TrackType,
} from './item-types.graphql.js';

interface PlacedEntry extends PlaylistEntry {
  playlistId: string;
}

const PlaylistEntryType = builder.objectRef<PlacedEntry>('PlaylistEntry').implement({
  description: 'One position in a playlist.',
  fields: (t) => ({
    track: t.field({
      type: TrackType,
      nullable: true,
      description: 'The track; null when the catalog does not have it, see `absence`.',
      resolve: (entry) => entry.track,
    }),
    trackId: t.id({
      nullable: true,
      description:
        'Id of the track, also of one that the catalog no longer has; null when the catalog does not say which.',
      resolve: ({ track, trackId }) => {
        const id = track?.id ?? trackId;
        return id === null ? null : encodeNodeId('Track', id);
      },
    }),
    absence: t.field({
      type: enumTypeOf(entryAbsence),
      nullable: true,
      description: 'Why `track` is null; null where there is a track.',
      resolve: ({ track, absence }) => (track ? null : (absence ?? 'GONE')),
    }),
    addedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the track was added; null when unknown.',
      resolve: addedAtOf,
    }),
  }),
});

const PlaylistEntryConnection = createConnectionType(
  'PlaylistEntry',
  PlaylistEntryType,
  'the entries of a playlist',
);
const EpisodeConnection = createConnectionType('Episode', EpisodeType, 'the episodes of a show');

builder.node(PlaylistType, {
  description: 'A playlist as its catalog describes it.',
  id: idOf('Playlist'),
  loadOne: (id, context) => findItemOfType(context, { id, type: 'PLAYLIST' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'PLAYLIST',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'Title of the playlist.' }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'Text by its owner or publisher; null when it has none.',
    }),
    ownerName: t.string({
      description: 'Name of the person or organization that keeps the playlist.',
      resolve: (playlist) => playlist.owner.name,
    }),
    ownerId: t.string({
      nullable: true,
      description: 'Id of the owner in the catalog, as `provider:id`; null when unknown.',
      resolve: ({ owner }) => owner.id || null,
    }),
    entryCount: t.int({
      description: 'Number of entries, including missing tracks.',
      resolve: ({ id, total }, _args, context) => countOf(context, { id, field: 'entryCount', sent: total }),
    }),
    revision: t.exposeString('revision', {
      nullable: true,
      description: 'Changes whenever the entries change; null when the catalog has no such value.',
    }),
    images: t.field({
      type: [ImageType],
      description: 'Covers of the playlist; empty when the catalog has none.',
      resolve: imagesOf,
    }),
    url: t.field({ type: 'URL', nullable: true, description: ABOUT.url, resolve: urlOf }),
    catalog: t.string({ description: ABOUT.catalog, resolve: providerOf }),
    items: t.field({
      type: PlaylistEntryConnection,
      description: 'Entries of the playlist in its order.',
      args: offsetPageArgs(t),
      complexity: pageComplexity,
      resolve: ({ id }, args, context) =>
        connectOffsetPage(args, async (page) => {
          const { items, total } = await getCatalog(context, id).listPlaylistEntries(
            id,
            page,
            context.signal,
          );
          return { items: items.map((entry) => ({ ...entry, playlistId: id })), total };
        }),
    }),
  }),
});

builder.node(ShowType, {
  description: 'A podcast as its catalog describes it. Shows cannot be queued.',
  id: idOf('Show'),
  loadOne: (id, context) => findItemOfType(context, { id, type: 'SHOW' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'SHOW',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'Title of the show.' }),
    publisher: t.exposeString('publisher', {
      nullable: true,
      description: 'Who makes the show; null when unknown.',
    }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'What the show is about; null when the catalog does not say.',
    }),
    explicit: t.exposeBoolean('explicit', { description: ABOUT.explicit }),
    episodeCount: t.int({
      description: 'Number of episodes published so far.',
      resolve: ({ id, total }, _args, context) =>
        countOf(context, { id, field: 'episodeCount', sent: total }),
    }),
    languages: t.exposeStringList('languages', {
      description: 'Spoken languages as ISO 639-1 codes, for example `en`; empty when unknown.',
    }),
    images: t.field({
      type: [ImageType],
      description: 'Covers of the show; empty when the catalog has none.',
      resolve: imagesOf,
    }),
    url: t.field({ type: 'URL', nullable: true, description: ABOUT.url, resolve: urlOf }),
    catalog: t.string({ description: ABOUT.catalog, resolve: providerOf }),
    episodes: t.field({
      type: EpisodeConnection,
      description: 'Episodes of the show, the newest first.',
      args: offsetPageArgs(t),
      complexity: pageComplexity,
      resolve: ({ id }, args, context) =>
        connectOffsetPage(args, (page) => getCatalog(context, id).listShowEpisodes(id, page, context.signal)),
    }),
  }),
});

builder.node(EpisodeType, {
  description: 'An episode of a show as its catalog describes it. Episodes cannot be queued.',
  id: idOf('Episode'),
  loadOne: (id, context) => findItemOfType(context, { id, type: 'EPISODE' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'EPISODE',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'Title of the episode.' }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'What the episode is about; null when the catalog does not say.',
    }),
    show: t.field({
      type: ShowType,
      nullable: true,
      description: 'The show that the episode belongs to; null when the catalog does not send it.',
      resolve: (episode) => episode.show,
    }),
    durationMs: t.field({
      type: 'BigInt',
      nullable: true,
      description: ABOUT.durationMs,
      resolve: durationOf,
    }),
    explicit: t.exposeBoolean('explicit', { description: ABOUT.explicit }),
    releaseDate: t.field({
      type: 'PartialDate',
      nullable: true,
      description: ABOUT.releaseDate,
      resolve: releaseDateOf,
    }),
    images: t.field({
      type: [ImageType],
      description: 'Covers of the episode; empty when the catalog has none.',
      resolve: imagesOf,
    }),
    url: t.field({ type: 'URL', nullable: true, description: ABOUT.url, resolve: urlOf }),
    catalog: t.string({ description: ABOUT.catalog, resolve: providerOf }),
  }),
});
