import { builder } from '../graphql/builder.js';
import type { AlbumGroup } from './album-group.js';

export const AlbumGroupEnum = builder.enumType('AlbumGroup', {
  description: 'How an album belongs to an artist.',
  values: {
    ALBUM: { description: 'A full album.' },
    SINGLE: { description: 'A single or an EP.' },
    COMPILATION: { description: 'A collection, often of several artists.' },
    APPEARS_ON: { description: 'Somebody else’s album with a track of this artist.' },
  } satisfies Record<AlbumGroup, object>,
});
