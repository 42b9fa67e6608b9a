import { builder, enumTypeOf } from '../graphql/builder.js';
import { distinct } from '../graphql/input-limits.js';
import {
  connectOffsetPage,
  createConnectionType,
  offsetPageArgs,
  pageComplexity,
} from '../graphql/connection.js';
import { encodeNodeId } from '../graphql/node-id.js';
import {
  albumGroup,
  providerOf,
  type Album,
  type AlbumGroup,
  type Artist,
  type ArtistRef,
  type CatalogItem,
  type CatalogType,
  type Episode,
  type Playlist,
  type QueueableItem,
  type Show,
  type Track,
} from './catalog-item.js';
import {
  countOf,
  durationOf,
  imagesOf,
  numberOf,
  releaseDateOf,
  urlOf,
  type ServedImage,
} from './checked-fields.graphql.js';
import { findItemOfType, getCatalog, TYPE_NAMES } from './find-item.js';

export const CatalogTypeEnum = builder.enumType('CatalogType', {
  description: 'The kind of an item in a catalog.',
  values: {
    TRACK: { description: 'A single recording, on an album or alone.' },
    ALBUM: { description: 'An album, single or compilation.' },
    PLAYLIST: { description: 'A list of tracks that someone keeps.' },
    ARTIST: { description: 'A person or a group. Queueing an artist queues their albums.' },
    EPISODE: { description: 'An episode of a show. It can be found and shown, but not queued.' },
    SHOW: { description: 'A podcast. It can be found and shown, but not queued.' },
  } satisfies Record<CatalogType, object>,
});

const AlbumGroupEnum = enumTypeOf(albumGroup);
const USUAL_GROUPS: AlbumGroup[] = ['ALBUM', 'SINGLE'];

export const ImageType = builder.objectRef<ServedImage>('Image').implement({
  description:
    'A square picture of an item, served by this server as JPEG, or as WebP where `Accept` allows it.',
  fields: (t) => ({
    url: t.expose('url', {
      type: 'URL',
      description:
        'Address of the picture. With authentication it is signed: it works without a token, for two to three days.',
    }),
    widthPx: t.int({
      nullable: true,
      description: 'Width in pixels: 640, 300 or 64.',
      resolve: ({ sizePx }) => sizePx,
    }),
    heightPx: t.int({
      nullable: true,
      description: 'Height in pixels, which equals the width.',
      resolve: ({ sizePx }) => sizePx,
    }),
  }),
});

export const ABOUT = {
  durationMs: 'Length in milliseconds; null when unknown.',
  explicit: 'Whether the catalog marks it as explicit.',
  url: 'Address of a web page about the item; null when the catalog has none.',
  catalog: 'Name of the catalog that the item comes from, for example `demo`.',
  releaseDate: 'Day, month or year of the release, as exact as the catalog knows it; null when unknown.',
  genres: 'Names of genres; empty when unknown.',
};

/** Of every argument that takes an item in any form. */
export const ABOUT_REFERENCE =
  'An item by its id (`Album:demo:night-ferry`, `demo:night-ferry`, or `night-ferry` in the default catalog), its URI (`spotify:album:<id>`) or a link to it (`https://www.deezer.com/track/3135556`); a short link (`https://link.deezer.com/s/…`) is followed.';

/** Ids in the demo catalog, for descriptions. */
export const EXAMPLE_SLUGS = {
  Track: 'night-ferry-1-03',
  Album: 'night-ferry',
  Playlist: 'first-watch',
  Artist: 'saltglass-choir',
  Show: 'keepers-hours',
  Episode: 'keepers-hours-001',
} as const;

export const idOf = (typeName: keyof typeof EXAMPLE_SLUGS) => ({
  description: `Permanent id, for example \`${typeName}:demo:${EXAMPLE_SLUGS[typeName]}\`.`,
  resolve: (item: { id: string }) => item.id,
});

export const TrackType = builder.objectRef<Track>('Track');
export const AlbumType = builder.objectRef<Album>('Album');
export const PlaylistType = builder.objectRef<Playlist>('Playlist');
export const ArtistType = builder.objectRef<Artist>('Artist');
export const ShowType = builder.objectRef<Show>('Show');
export const EpisodeType = builder.objectRef<Episode>('Episode');

export const CatalogItemType = builder.unionType('CatalogItem', {
  description: 'Any item that a catalog can hold, whether or not it can be downloaded.',
  types: [TrackType, AlbumType, PlaylistType, ArtistType, ShowType, EpisodeType],
  resolveType: (item: CatalogItem) => TYPE_NAMES[item.type],
});

export const QueueableItemType = builder.unionType('QueueableItem', {
  description: 'An item that can be downloaded with `queueDownload`.',
  types: [TrackType, AlbumType, PlaylistType, ArtistType],
  resolveType: (item: QueueableItem) => TYPE_NAMES[item.type],
});

const TrackConnection = createConnectionType('Track', TrackType, 'the tracks of an album');
const AlbumConnection = createConnectionType('Album', AlbumType, 'the albums of an artist');

const ArtistCreditType = builder.objectRef<ArtistRef>('ArtistCredit').implement({
  description: 'An artist as credited on a track or an album.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Name of the artist as credited.' }),
    artistId: t.id({
      nullable: true,
      description: 'Id of `artist`, available without a request to the catalog.',
      resolve: ({ id }) => (id === '' ? null : encodeNodeId('Artist', id)),
    }),
    artist: t.field({
      type: ArtistType,
      nullable: true,
      description: 'The artist in the catalog; null when the catalog has no entry for them.',
      resolve: ({ id }, _args, context) =>
        id === '' ? null : findItemOfType(context, { id, type: 'ARTIST' }, context.signal),
    }),
  }),
});

builder.node(TrackType, {
  description: 'A recording as its catalog describes it.',
  id: idOf('Track'),
  loadOne: (id, context) => findItemOfType(context, { id, type: 'TRACK' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'TRACK',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'Title of the track.' }),
    artists: t.field({
      type: [ArtistCreditType],
      description: 'Artists of the track, the main artist first.',
      resolve: (track) => track.artists,
    }),
    album: t.field({
      type: AlbumType,
      nullable: true,
      description: 'The album that the track is on; null for a track without an album.',
      resolve: (track) => track.album,
    }),
    durationMs: t.field({
      type: 'BigInt',
      nullable: true,
      description: ABOUT.durationMs,
      resolve: durationOf,
    }),
    explicit: t.exposeBoolean('explicit', { description: ABOUT.explicit }),
    available: t.exposeBoolean('available', {
      nullable: true,
      description:
        'Whether the catalog offers the track in the country that it is asked from; null when it does not say.',
    }),
    trackNumber: t.int({
      nullable: true,
      description: 'Number of the track on its disc, from 1; null when unknown.',
      resolve: ({ id, trackNumber }, _args, context) =>
        numberOf(context, { id, field: 'trackNumber', sent: trackNumber }),
    }),
    discNumber: t.int({
      nullable: true,
      description: 'Number of the disc in its album, from 1; null when unknown.',
      resolve: ({ id, discNumber }, _args, context) =>
        numberOf(context, { id, field: 'discNumber', sent: discNumber }),
    }),
    isrc: t.exposeString('isrc', {
      nullable: true,
      description: 'International Standard Recording Code, for example `XXDEM2401105`; null when unknown.',
    }),
    genres: t.exposeStringList('genres', { description: ABOUT.genres }),
    url: t.field({ type: 'URL', nullable: true, description: ABOUT.url, resolve: urlOf }),
    catalog: t.string({ description: ABOUT.catalog, resolve: providerOf }),
  }),
});

builder.node(AlbumType, {
  description: 'An album, single or compilation as its catalog describes it.',
  id: idOf('Album'),
  loadOne: (id, context) => findItemOfType(context, { id, type: 'ALBUM' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'ALBUM',
  fields: (t) => ({
    title: t.exposeString('title', { description: 'Title of the album.' }),
    artists: t.field({
      type: [ArtistCreditType],
      description: 'Artists of the album as a whole.',
      resolve: (album) => album.artists,
    }),
    group: t.field({
      type: AlbumGroupEnum,
      description: 'Kind of album. In `Artist.albums`, `APPEARS_ON` marks another artist’s album.',
      resolve: (album) => album.group,
    }),
    releaseDate: t.field({
      type: 'PartialDate',
      nullable: true,
      description: ABOUT.releaseDate,
      resolve: releaseDateOf,
    }),
    trackCount: t.int({
      description: 'Number of tracks on all discs.',
      resolve: ({ id, trackTotal }, _args, context) =>
        countOf(context, { id, field: 'trackCount', sent: trackTotal }),
    }),
    discCount: t.int({
      description: 'Number of discs, at least 1.',
      resolve: ({ id, discTotal }, _args, context) =>
        countOf(context, { id, field: 'discCount', sent: discTotal }),
    }),
    upc: t.exposeString('upc', {
      nullable: true,
      description: 'Universal Product Code (bar code); null when unknown.',
    }),
    label: t.exposeString('label', { nullable: true, description: 'Record label; null when unknown.' }),
    copyright: t.exposeString('copyright', {
      nullable: true,
      description: 'Copyright notice, for example `℗ 2024 Folded Map`; null when unknown.',
    }),
    genres: t.exposeStringList('genres', { description: ABOUT.genres }),
    images: t.field({
      type: [ImageType],
      description: 'Covers, the largest first; empty when the catalog has none.',
      resolve: imagesOf,
    }),
    url: t.field({ type: 'URL', nullable: true, description: ABOUT.url, resolve: urlOf }),
    catalog: t.string({ description: ABOUT.catalog, resolve: providerOf }),
    tracks: t.field({
      type: TrackConnection,
      description: 'Tracks of the album in order, disc by disc.',
      args: offsetPageArgs(t),
      complexity: pageComplexity,
      resolve: ({ id }, args, context) =>
        connectOffsetPage(args, (page) => getCatalog(context, id).listAlbumTracks(id, page, context.signal)),
    }),
  }),
});

builder.node(ArtistType, {
  description: 'An artist as their catalog describes them.',
  id: idOf('Artist'),
  loadOne: (id, context) => findItemOfType(context, { id, type: 'ARTIST' }, context.signal),
  isTypeOf: (item) => (item as CatalogItem).type === 'ARTIST',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Name of the artist in the catalog.' }),
    genres: t.exposeStringList('genres', { description: ABOUT.genres }),
    images: t.field({
      type: [ImageType],
      description: 'Pictures of the artist, the largest first; empty when the catalog has none.',
      resolve: imagesOf,
    }),
    url: t.field({ type: 'URL', nullable: true, description: ABOUT.url, resolve: urlOf }),
    catalog: t.string({ description: ABOUT.catalog, resolve: providerOf }),
    albums: t.field({
      type: AlbumConnection,
      description: 'Albums of the artist, the newest first.',
      args: {
        groups: t.arg({
          type: [AlbumGroupEnum],
          defaultValue: USUAL_GROUPS,
          description: 'Only albums of these groups; omitted or null: `ALBUM` and `SINGLE`.',
        }),
        ...offsetPageArgs(t),
      },
      complexity: pageComplexity,
      resolve: ({ id }, { groups, ...args }, context) =>
        connectOffsetPage(args, (page) => {
          const query = { ...page, groups: distinct(groups) ?? USUAL_GROUPS };
          return getCatalog(context, id).listArtistAlbums(id, query, context.signal);
        }),
    }),
  }),
});
