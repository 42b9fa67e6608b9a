import { AlbumGroupEnum } from './album-group.graphql.js';
import { builder } from '../graphql/builder.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  pageComplexity,
} from '../graphql/connection.js';
import { encodeNodeId } from '../graphql/node-id.js';
import {
  ALBUM_GROUPS,
  type Album,
  type Artist,
  type ArtistRef,
  type CatalogItem,
  type CatalogType,
  type Episode,
  type Image,
  type Playlist,
  type QueueableItem,
  type Show,
  type Track,
} from './catalog-item.js';
import type { PlaylistEntry } from './catalog-source.js';
import { findItemOfType } from './find-item.js';
import { getCatalog } from './get-catalog.js';

export const CatalogTypeEnum = builder.enumType('CatalogType', {
  description: 'What a catalogue can hold.',
  values: {
    TRACK: { description: 'A single recording.' },
    ALBUM: { description: 'An album, single or compilation.' },
    PLAYLIST: { description: 'A list of tracks that someone keeps.' },
    ARTIST: { description: 'A person or a group; queued, it is their albums and singles.' },
    EPISODE: { description: 'An episode of a show; searchable where a catalogue has them, never queued.' },
    SHOW: { description: 'A podcast; searchable where a catalogue has them, never queued.' },
  } satisfies Record<CatalogType, object>,
});

export const ImageType = builder.objectRef<Image>('Image').implement({
  description: 'A picture that the catalogue has of an item.',
  fields: (t) => ({
    url: t.exposeString('url', { description: 'Where the picture is.' }),
    widthPx: t.exposeInt('widthPx', { nullable: true, description: 'Width in pixels, where known.' }),
    heightPx: t.exposeInt('heightPx', { nullable: true, description: 'Height in pixels, where known.' }),
  }),
});

export const byId = { resolve: (item: { id: string }) => item.id };
export const catalogOf = (item: { id: string }) => item.id.slice(0, item.id.indexOf(':'));

export const TrackType = builder.objectRef<Track>('Track');
export const AlbumType = builder.objectRef<Album>('Album');
export const PlaylistType = builder.objectRef<Playlist>('Playlist');
export const ArtistType = builder.objectRef<Artist>('Artist');
export const ShowType = builder.objectRef<Show>('Show');
export const EpisodeType = builder.objectRef<Episode>('Episode');

export const CatalogItemType = builder.unionType('CatalogItem', {
  description: 'Anything that a catalogue holds and Reprise can show.',
  types: [TrackType, AlbumType, PlaylistType, ArtistType, ShowType, EpisodeType],
  resolveType: (item: CatalogItem) =>
    ({
      TRACK: TrackType,
      ALBUM: AlbumType,
      PLAYLIST: PlaylistType,
      ARTIST: ArtistType,
      SHOW: ShowType,
      EPISODE: EpisodeType,
    })[item.type],
});

export const QueueableItemType = builder.unionType('QueueableItem', {
  description: 'Anything that can be downloaded.',
  types: [TrackType, AlbumType, PlaylistType, ArtistType],
  resolveType: (item: QueueableItem) =>
    ({ TRACK: TrackType, ALBUM: AlbumType, PLAYLIST: PlaylistType, ARTIST: ArtistType })[item.type],
});

const TrackConnection = createConnectionType('Track', TrackType, 'an album’s tracks, in order');
const AlbumConnection = createConnectionType('Album', AlbumType, 'an artist’s albums, the newest first');

const ArtistCreditType = builder.objectRef<ArtistRef>('ArtistCredit').implement({
  description: 'An artist as a track or an album names them.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name as credited.' }),
    artistId: t.id({
      nullable: true,
      description: 'The id of `artist`, without asking the catalogue for them.',
      resolve: ({ id }) => (id === '' ? null : encodeNodeId('Artist', id)),
    }),
    artist: t.field({
      type: ArtistType,
      nullable: true,
      description: 'The artist in the catalogue; null when it has no page for them.',
      resolve: ({ id }, _args, context) =>
        id === '' ? null : findItemOfType(context, { id, type: 'ARTIST' }, context.signal),
    }),
  }),
});

const PlaylistEntryType = builder.objectRef<PlaylistEntry>('PlaylistEntry').implement({
  description: 'One place in a playlist.',
  fields: (t) => ({
    track: t.field({
      type: TrackType,
      nullable: true,
      description: 'Null when the catalogue lists an entry that it no longer has.',
      resolve: (entry) => entry.track,
    }),
    addedAt: t.exposeString('addedAt', {
      nullable: true,
      description: 'When it was added, ISO 8601, where the catalogue says so.',
    }),
  }),
});
const PlaylistEntryConnection = createConnectionType(
  'PlaylistEntry',
  PlaylistEntryType,
  'a playlist’s entries, in order',
);

builder.node(TrackType, {
  description: 'A track, as its catalogue describes it.',
  id: byId,
  loadOne: (id, context) => findItemOfType(context, { id, type: 'TRACK' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'TRACK',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'The title.' }),
    artists: t.field({
      type: [ArtistCreditType],
      description: 'Who made it, the main artist first.',
      resolve: (track) => track.artists,
    }),
    album: t.field({
      type: AlbumType,
      nullable: true,
      description: 'The album that it is on.',
      resolve: (track) => track.album,
    }),
    durationMs: t.exposeInt('durationMs', { description: 'Length in milliseconds; 0 when not known.' }),
    explicit: t.exposeBoolean('explicit', { description: 'Whether it is marked as explicit.' }),
    trackNumber: t.exposeInt('trackNumber', { nullable: true, description: 'Place on its disc, from 1.' }),
    discNumber: t.exposeInt('discNumber', { nullable: true, description: 'Disc of the album, from 1.' }),
    isrc: t.exposeString('isrc', { nullable: true, description: 'International Standard Recording Code.' }),
    genres: t.exposeStringList('genres', { description: 'Genres, where known.' }),
    url: t.exposeString('url', { nullable: true, description: 'A page about it for people.' }),
    catalog: t.string({ description: 'The catalogue that it is from.', resolve: catalogOf }),
  }),
});

builder.node(AlbumType, {
  description: 'An album, single or compilation, as its catalogue describes it.',
  id: byId,
  loadOne: (id, context) => findItemOfType(context, { id, type: 'ALBUM' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'ALBUM',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'The title.' }),
    artists: t.field({
      type: [ArtistCreditType],
      description: 'Whose album it is.',
      resolve: (album) => album.artists,
    }),
    group: t.field({
      type: AlbumGroupEnum,
      description: 'What kind of album.',
      resolve: (album) => album.group,
    }),
    releaseDate: t.exposeString('releaseDate', {
      nullable: true,
      description: '`YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as exact as the catalogue knows.',
    }),
    trackTotal: t.exposeInt('trackTotal', { description: 'Tracks on all discs.' }),
    discTotal: t.exposeInt('discTotal', { description: 'Discs.' }),
    upc: t.exposeString('upc', { nullable: true, description: 'Universal Product Code (bar code).' }),
    label: t.exposeString('label', { nullable: true, description: 'Record label.' }),
    copyright: t.exposeString('copyright', { nullable: true, description: 'Copyright line.' }),
    genres: t.exposeStringList('genres', { description: 'Genres, where known.' }),
    images: t.field({ type: [ImageType], description: 'Covers.', resolve: (album) => album.images }),
    url: t.exposeString('url', { nullable: true, description: 'A page about it for people.' }),
    catalog: t.string({ description: 'The catalogue that it is from.', resolve: catalogOf }),
    tracks: t.field({
      type: TrackConnection,
      description: 'Its tracks in order, disc by disc.',
      args: offsetPageArgs(t),
      complexity: pageComplexity,
      resolve: ({ id }, args, context) =>
        connectOffsetPage(args, (page) => getCatalog(context, id).listAlbumTracks(id, page, context.signal)),
    }),
  }),
});

builder.node(PlaylistType, {
  description: 'A playlist, as its catalogue describes it.',
  id: byId,
  loadOne: (id, context) => findItemOfType(context, { id, type: 'PLAYLIST' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'PLAYLIST',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'The title.' }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'What its owner says about it.',
    }),
    ownerName: t.string({ description: 'Whose playlist it is.', resolve: (playlist) => playlist.owner.name }),
    ownerId: t.string({
      nullable: true,
      description:
        'Whose playlist it is, as its catalogue calls them: `provider:id`; null where it does not say.',
      resolve: ({ owner }) => owner.id || null,
    }),
    total: t.exposeInt('total', { description: 'Entries, missing ones included.' }),
    revision: t.exposeString('revision', {
      nullable: true,
      description: 'Changes when the entries change; null where the catalogue has no such mark.',
    }),
    images: t.field({ type: [ImageType], description: 'Covers.', resolve: (playlist) => playlist.images }),
    url: t.exposeString('url', { nullable: true, description: 'A page about it for people.' }),
    catalog: t.string({ description: 'The catalogue that it is from.', resolve: catalogOf }),
    items: t.field({
      type: PlaylistEntryConnection,
      description: 'Its entries in order.',
      args: offsetPageArgs(t),
      complexity: pageComplexity,
      resolve: ({ id }, args, context) =>
        connectOffsetPage(args, (page) =>
          getCatalog(context, id).listPlaylistEntries(id, page, context.signal),
        ),
    }),
  }),
});

builder.node(ArtistType, {
  description: 'An artist, as their catalogue describes them.',
  id: byId,
  loadOne: (id, context) => findItemOfType(context, { id, type: 'ARTIST' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'ARTIST',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name.' }),
    genres: t.exposeStringList('genres', { description: 'Genres, where known.' }),
    images: t.field({ type: [ImageType], description: 'Pictures.', resolve: (artist) => artist.images }),
    url: t.exposeString('url', { nullable: true, description: 'A page about them for people.' }),
    catalog: t.string({ description: 'The catalogue that they are from.', resolve: catalogOf }),
    albums: t.field({
      type: AlbumConnection,
      description: 'Their albums, the newest first.',
      args: {
        groups: t.arg({
          type: [AlbumGroupEnum],
          defaultValue: ['ALBUM', 'SINGLE'],
          description: 'Which kinds of album.',
        }),
        ...offsetPageArgs(t),
      },
      complexity: pageComplexity,
      resolve: ({ id }, { groups, ...args }, context) =>
        connectOffsetPage(args, (page) => {
          const query = { ...page, groups: groups ?? ALBUM_GROUPS };
          return getCatalog(context, id).listArtistAlbums(id, query, context.signal);
        }),
    }),
  }),
});
