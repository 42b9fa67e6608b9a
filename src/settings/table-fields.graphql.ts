import type { InputRef, OutputRef } from '@pothos/core';
import type { z } from 'zod';
import { AlbumGroupEnum } from '../catalog/item-types.graphql.js';
import { builder } from '../graphql/builder.js';
import type { VersionOf } from './settings-store.js';
import {
  describeRow,
  describeWithDefault,
  nullNote,
  type TableRow,
  type ValueForm,
} from './settings-table.js';
import { albumGroup, audioFormat, deezerQuality, spotifyQuality } from './settings.js';

const AudioFormatEnum = builder.enumType('AudioFormat', {
  description: 'An audio format that a download can be converted to.',
  values: {
    KEEP: { description: 'The format of the source, unchanged; only tags and cover are written.' },
    MP3: { description: 'MP3 with ID3v2.4 tags.' },
    AAC: { description: 'AAC in an .m4a file.' },
    OGG: { description: 'Vorbis in an .ogg file.' },
    OPUS: { description: 'Opus in an .opus file.' },
    FLAC: { description: 'FLAC, lossless and compressed.' },
    WAV: { description: 'WAV, lossless and uncompressed.' },
    ALAC: { description: 'Apple Lossless in an .m4a file.' },
  },
});

const SpotifyQualityEnum = builder.enumType('SpotifyQuality', {
  description: 'Minimum audio quality for a track of the Spotify catalog.',
  values: {
    NORMAL: { description: 'At least 96 kbit/s, or lossless.' },
    HIGH: { description: 'At least 160 kbit/s, or lossless.' },
    VERY_HIGH: { description: 'At least 320 kbit/s, or lossless.' },
  },
});

const DeezerQualityEnum = builder.enumType('DeezerQuality', {
  description: 'Minimum audio quality for a track of the Deezer catalog.',
  values: {
    MP3_128: { description: 'MP3 at 128 kbit/s or better.' },
    MP3_320: { description: 'MP3 at 320 kbit/s or better.' },
    FLAC: { description: 'Lossless audio, in any format.' },
  },
});

type EnumRef = OutputRef<unknown> & InputRef<unknown>;

const ENUMS = new Map<z.ZodType, EnumRef>([
  [audioFormat, AudioFormatEnum],
  [spotifyQuality, SpotifyQualityEnum],
  [deezerQuality, DeezerQualityEnum],
  [albumGroup, AlbumGroupEnum],
]);

function enumOf(choices: z.ZodType): EnumRef {
  const ref = ENUMS.get(choices);
  if (!ref) throw new Error('An enum in a table of settings has no GraphQL enum.');
  return ref;
}

interface TypeOptions {
  description: string;
  rows: readonly TableRow[];
}

const SCALARS = { boolean: 'Boolean', text: 'String', int: 'Int', float: 'Float' } as const;

function typeOf(form: ValueForm): (typeof SCALARS)[keyof typeof SCALARS] | EnumRef | [EnumRef] {
  if (form.type === 'enum') return enumOf(form.choices);
  if (form.type === 'list') return [enumOf(form.choices)];
  return SCALARS[form.type];
}

export function tableType(name: string, { description, rows }: TypeOptions) {
  return builder.objectRef<VersionOf<Record<string, unknown>>>(name).implement({
    description,
    fields: (t) => {
      const fields = rows.map((row) => {
        const { form } = row;
        const field = t.field({
          type: typeOf(form),
          nullable: form.nullable || form.word !== null,
          description: describeWithDefault(row) + nullNote(row),
          resolve: ({ values }) => (values[row.name] === form.word ? null : values[row.name]),
        });
        return [row.name, field] as const;
      });
      const version = t.exposeInt('version', {
        description: 'Increases with every change; 0 before the first.',
      });
      return { version, ...Object.fromEntries(fields) };
    },
  });
}

export function tableInput(name: string, { description, rows }: TypeOptions) {
  return builder.inputType(name, {
    description,
    fields: (t) =>
      Object.fromEntries(
        rows.map((row) => {
          const description = describeRow(row) + nullNote(row);
          return [row.name, t.field({ type: typeOf(row.form), description })];
        }),
      ),
  });
}

/** Null is a value only where the row says so, or where it stands for a word. */
export function providedValues<Values extends object>(
  rows: readonly TableRow[],
  input: Record<string, unknown>,
): Partial<Values> {
  const entries = rows.flatMap(({ name, form }) => {
    const value = input[name] === null ? form.word : input[name];
    const omitted = value === undefined || (value === null && !form.nullable);
    return omitted ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries) as Partial<Values>;
}
