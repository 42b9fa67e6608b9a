import type { ArgBuilder } from '@pothos/core';
import { builder, type BuilderTypes } from '../graphql/builder.js';
import { encodeNodeId } from '../graphql/node-id.js';
import { urlOf } from './checked-fields.graphql.js';
import { listElsewhere, type CatalogEntry } from './elsewhere.js';
import { AlbumType, TrackType } from './item-types.graphql.js';

const CatalogEntryType = builder.objectRef<CatalogEntry>('CatalogEntry').implement({
  description: 'Where another catalog has the same recording or album.',
  fields: (t) => ({
    catalog: t.exposeString('catalog', {
      description: 'Name of the other catalog, for example `library`.',
    }),
    id: t.id({
      description: 'Id in the other catalog, for `track`, `album` and `queueDownload`.',
      resolve: ({ type, id }) => encodeNodeId(type === 'TRACK' ? 'Track' : 'Album', id),
    }),
    url: t.field({
      type: 'URL',
      nullable: true,
      description: 'Address of its web page in the other catalog; null when there is no page.',
      resolve: urlOf,
    }),
  }),
});

const CODES = { recording: 'ISRC', album: 'bar code' };

const describeCatalogs = (what: keyof typeof CODES) =>
  `The same ${what} in other catalogs that are set up, by its ${CODES[what]}: in your library, and where a response of a remote catalog has shown it before. Costs no request to a catalog without \`lookUp\`.`;

/** A list of ten is beyond the limit: each may cost a request to every catalog. */
const LOOK_UP_COMPLEXITY = 6_000;

const lookUpArg = (t: { arg: ArgBuilder<BuilderTypes> }) => ({
  lookUp: t.arg.boolean({
    defaultValue: false,
    description:
      'Also ask every remote catalog that can look up codes and is not known yet to have it; for single items, because of its cost. A catalog that does not answer is left out.',
  }),
});

const complexity = ({ lookUp }: { lookUp?: boolean | null | undefined }) => ({
  field: lookUp ? LOOK_UP_COMPLEXITY : 5,
});

builder.objectField(TrackType, 'catalogs', (t) =>
  t.field({
    type: [CatalogEntryType],
    description: describeCatalogs('recording'),
    args: lookUpArg(t),
    complexity,
    resolve: (track, { lookUp }, context) =>
      listElsewhere(context, track, { lookUp: lookUp ?? false, signal: context.signal }),
  }),
);

builder.objectField(AlbumType, 'catalogs', (t) =>
  t.field({
    type: [CatalogEntryType],
    description: describeCatalogs('album'),
    args: lookUpArg(t),
    complexity,
    resolve: (album, { lookUp }, context) =>
      listElsewhere(context, album, { lookUp: lookUp ?? false, signal: context.signal }),
  }),
);
