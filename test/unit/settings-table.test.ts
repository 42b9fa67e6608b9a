import { printType, validate, parse, type GraphQLNamedType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { builder } from '../../src/graphql/builder.js';
import * as documents from '../../src/rest/settings/documents.js';
import { fieldSchemas, restSettings } from '../../src/rest/settings/schemas.js';
import { readValues, serializeValues } from '../../src/rest/settings/serialize.js';
import { schema } from '../../src/schema.js';
import { providedValues, tableInput, tableType } from '../../src/settings/table-fields.graphql.js';
import { describeRow, findProblems, rowsOf } from '../../src/settings/settings-table.js';
import { parseStored } from '../../src/settings/settings-store.js';
import {
  albumGroup,
  audioFormat,
  SETTINGS_ROWS,
  settingsTable,
  WATCH_SETTINGS_ROWS,
} from '../../src/settings/settings.js';

/** One entry of every kind. */
const toy = z.object({
  loud: z.boolean().default(false).meta({ description: 'Play everything loudly.' }),
  label: z
    .string()
    .regex(/^[a-z]*$/, { error: 'must have small letters only.' })
    .default('')
    .meta({ description: 'A label for the box.' }),
  maxBoxes: z.int().min(1).max(9_000).default(3).meta({ description: 'Most boxes at once.', unit: 'boxes' }),
  speed: z.number().min(0).max(1.5).default(1).meta({ description: 'Speed of the belt.' }),
  depth: z.int().nullable().default(null).meta({ description: 'Depth of a box, if known.' }),
  width: z
    .union([z.int().min(1).max(9), z.literal('auto')])
    .default('auto')
    .meta({ description: 'Width of a box, or `auto`.' }),
  format: audioFormat.default('KEEP').meta({ description: 'Format of the tune.' }),
  groups: z.array(albumGroup).min(1).default(['ALBUM']).meta({ description: 'Groups in the box.' }),
});
const rows = rowsOf(toy);
const DEFAULTS = toy.parse({});

describe('a table of settings', () => {
  it('has rows that say everything about an entry', () => {
    expect(rows.find(({ name }) => name === 'maxBoxes')).toMatchObject({
      default: 3,
      unit: 'boxes',
      description: 'Most boxes at once.',
      form: { type: 'int', range: { min: 1, max: 9_000 }, nullable: false, word: null },
    });
    expect(rows.map(describeRow)).toEqual([
      'Play everything loudly.',
      'A label for the box.',
      'Most boxes at once. From 1 to 9,000 boxes.',
      'Speed of the belt. From 0 to 1.5.',
      'Depth of a box, if known.',
      'Width of a box, or `auto`. From 1 to 9.',
      'Format of the tune.',
      'Groups in the box.',
    ]);
  });

  it('rejects an entry of an unsupported type', () => {
    expect(() => rowsOf(z.object({ when: z.date() }))).toThrow('A setting cannot be a date.');
  });

  it('gives rules, with messages that name the setting', () => {
    expect(findProblems(rows, DEFAULTS)).toEqual([]);
    const wrong = { loud: 1, label: 'A', maxBoxes: 0, speed: 2, width: 10, format: 'MIDI', groups: [] };
    expect(findProblems(rows, { ...DEFAULTS, ...wrong }).map(({ message }) => message)).toEqual([
      '"loud" must be true or false.',
      '"label" must have small letters only.',
      '"maxBoxes" is 0; it must be between 1 and 9000.',
      '"speed" is 2; it must be between 0 and 1.5.',
      '"width" is 10; it must be between 1 and 9.',
      '"format" must be one of KEEP, MP3, AAC, OGG, OPUS, FLAC, WAV, ALAC.',
      '"groups" must be one or more of ALBUM, SINGLE, COMPILATION, APPEARS_ON, each once.',
    ]);
    expect(findProblems(rows, { ...DEFAULTS, maxBoxes: 1.5 })).toEqual([
      { field: 'maxBoxes', message: '"maxBoxes" is 1.5; it must be a whole number between 1 and 9000.' },
    ]);
  });

  it('gives the stored form: what is unknown or invalid is left to the default', () => {
    const stored = { maxBoxes: 7, speed: 99, width: 'wide', color: 'red', label: 'ok' };
    expect(parseStored(toy, stored)).toEqual({ ...DEFAULTS, maxBoxes: 7, label: 'ok' });
    expect(parseStored(toy, null)).toEqual(DEFAULTS);
  });

  it('gives the GraphQL type and input', () => {
    const Toy = tableType('Toy', { description: 'A toy table for this test.', rows });
    const ToyInput = tableInput('ToyInput', { description: 'Changes of the toy table.', rows });
    builder.queryField('toy', (t) =>
      t.field({
        type: Toy,
        args: { input: t.arg({ type: ToyInput }) },
        resolve: () => ({ values: DEFAULTS, version: 0 }),
      }),
    );
    const types = builder.toSchema().getTypeMap();
    const print = (type: GraphQLNamedType | undefined) =>
      type && printType(type).replace(/ *""".*?"""\n/gs, '');
    expect(print(types['Toy'])).toMatchInlineSnapshot(`
      "type Toy {
        depth: Int

        format: AudioFormat!

        groups: [AlbumGroup!]!

        label: String!

        loud: Boolean!

        maxBoxes: Int!

        speed: Float!

        version: Int!

        width: Int
      }"
    `);
    expect(print(types['ToyInput'])).toMatchInlineSnapshot(`
      "input ToyInput {
        depth: Int

        format: AudioFormat

        groups: [AlbumGroup!]

        label: String

        loud: Boolean

        maxBoxes: Int

        speed: Float

        width: Int
      }"
    `);
    expect(types['Toy'] && printType(types['Toy'])).toContain(
      'Most boxes at once. From 1 to 9,000 boxes. Default: 3.',
    );
  });

  it('gives what a GraphQL client provided, where null means something', () => {
    const nulls = { loud: null, maxBoxes: null, depth: null, width: null };
    expect(providedValues(rows, { ...nulls, label: 'x' })).toEqual({
      label: 'x',
      depth: null,
      width: 'auto',
    });
  });

  it('gives the REST names, forms and schema', () => {
    const settings = restSettings(rows);
    const inGraphql = { ...DEFAULTS, width: null };
    const shown = serializeValues(settings, inGraphql);
    expect(shown).toEqual({ ...DEFAULTS, groups: ['album'] });
    expect(z.object(fieldSchemas(settings)).safeParse(shown).error).toBeUndefined();
    expect(fieldSchemas(settings)['maxBoxes']?.meta()).toMatchObject({
      description: 'Most boxes at once. From 1 to 9,000 boxes. Default: 3.',
    });
    const body = { max_boxes: '5', loud: 'TRUE', width: 'Auto', groups: ['single'], depth: null, colour: 1 };
    expect(readValues(settings, body, { stored: inGraphql, silent: [] })).toEqual({
      patch: { maxBoxes: 5, loud: true, groups: ['SINGLE'] },
      problems: [],
      ignored: ['colour'],
    });
    expect(readValues(settings, { width: 'wide' }, { stored: inGraphql, silent: [] }).problems).toEqual([
      { field: 'width', message: 'must be a whole number or "auto".' },
    ]);
  });
});

describe('the tables', () => {
  it('describe every entry, and have a default for each but the download directory', () => {
    const all = [...SETTINGS_ROWS, ...WATCH_SETTINGS_ROWS];
    expect(all.filter(({ description }) => description === '')).toEqual([]);
    expect(all.filter((row) => row.default === undefined).map(({ name }) => name)).toEqual(['downloadPath']);
    expect(Object.keys(settingsTable.shape)).toEqual(SETTINGS_ROWS.map(({ name }) => name));
  });

  it('give REST documents that the GraphQL schema takes', () => {
    const texts = Object.values(documents).map(String);
    expect(texts.length).toBeGreaterThan(4);
    for (const text of texts) expect(validate(schema, parse(text))).toEqual([]);
  });
});
