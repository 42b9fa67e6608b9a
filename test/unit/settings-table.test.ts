import { printType, validate, parse, type GraphQLNamedType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { builder, enumTypeOf } from '../../src/graphql/builder.js';
import { namedEnum } from '../../src/lib/named-enum.js';
import { restOptions } from '../../src/rest/downloads/serialize.js';
import { createSchemaBook } from '../../src/rest/openapi-schemas.js';
import * as documents from '../../src/rest/settings/documents.js';
import { fieldSchemas, restSettings } from '../../src/rest/rest-setting.js';
import { readValues, serializeValues } from '../../src/rest/settings/serialize.js';
import { schema } from '../../src/schema.js';
import { readChange, tableInput, tableNode, toTableNode } from '../../src/settings/table-fields.graphql.js';
import { describeInput, describeRow, findProblems, rowsOf } from '../../src/settings/settings-table.js';
import { parseStored } from '../../src/settings/settings-store.js';
import {
  albumGroup,
  audioFormat,
  SETTINGS_ROWS,
  settingsTable,
  WATCH_SETTINGS_ROWS,
} from '../../src/settings/settings.js';
import { optionsTable, settingsTable as documentSettings } from '../../tools/docs-tables.js';

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
  tune: audioFormat.default('KEEP').meta({ description: 'Format of the tune.' }),
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
    const wrong = { loud: 1, label: 'A', maxBoxes: 0, speed: 2, width: 10, tune: 'MIDI', groups: [] };
    expect(findProblems(rows, { ...DEFAULTS, ...wrong }).map(({ message }) => message)).toEqual([
      '"loud" must be true or false.',
      '"label" must have small letters only.',
      '"maxBoxes" is 0; it must be between 1 and 9000.',
      '"speed" is 2; it must be between 0 and 1.5.',
      '"width" is 10; it must be between 1 and 9.',
      '"tune" must be one of KEEP, MP3, AAC, OGG, OPUS, FLAC, WAV, ALAC.',
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
    const toyNow = { values: DEFAULTS, version: 0 };
    const load = () => Promise.resolve(toyNow);
    const Toy = tableNode('Toy', { description: 'A toy table for this test.', rows, load });
    const enums = { reset: 'ToyField', setToNull: 'NullableToyField' };
    const ToyInput = tableInput('ToyInput', { description: 'Changes of the toy table.', rows, enums });
    builder.queryField('toy', (t) =>
      t.field({
        type: Toy,
        args: { input: t.arg({ type: ToyInput }) },
        resolve: () => toTableNode('Toy', toyNow),
      }),
    );
    const types = builder.toSchema().getTypeMap();
    const print = (type: GraphQLNamedType | undefined) =>
      type && printType(type).replace(/ *""".*?"""\n/gs, '');
    expect(print(types['Toy'])).toMatchInlineSnapshot(`
      "type Toy implements Node {
        depth: Int

        groups: [AlbumGroup!]!

        id: ID!

        label: String!

        loud: Boolean!

        maxBoxes: Int!

        speed: Float!

        tune: AudioFormat!

        version: Int!

        width: Int
      }"
    `);
    expect(print(types['ToyInput'])).toMatchInlineSnapshot(`
      "input ToyInput {
        depth: Int

        groups: [AlbumGroup!]

        label: String

        loud: Boolean

        maxBoxes: Int

        resetToDefault: [ToyField!]

        setToNull: [NullableToyField!]

        speed: Float

        tune: AudioFormat

        width: Int
      }"
    `);
    expect(types['Toy'] && printType(types['Toy'])).toContain(
      'Most boxes at once. From 1 to 9,000 boxes. Default: 3.',
    );
  });

  it('gives what a GraphQL client asks to change, where only setToNull clears', () => {
    const nulls = { loud: null, maxBoxes: null, depth: null, width: null };
    const rest = { reset: [], conflicts: [] };
    expect(readChange(rows, { ...nulls, label: 'x' })).toEqual({ values: { label: 'x' }, ...rest });
    expect(readChange(rows, { resetToDefault: null, setToNull: null })).toEqual({ values: {}, ...rest });
    const cleared = { ...nulls, setToNull: ['depth', 'width'] };
    expect(readChange(rows, cleared)).toEqual({ values: { depth: null, width: 'auto' }, ...rest });
    expect(readChange(rows, { resetToDefault: ['loud'] })).toEqual({
      values: {},
      reset: ['loud'],
      conflicts: [],
    });
  });

  it('rejects what a GraphQL client asks for twice', () => {
    const input = {
      loud: false,
      depth: 1,
      width: 2,
      resetToDefault: ['loud', 'width'],
      setToNull: ['width'],
    };
    expect(readChange(rows, input).conflicts).toEqual([
      {
        field: 'loud',
        message: '"loud" has a value and is in "resetToDefault"; only one of them is allowed.',
      },
      {
        field: 'width',
        message:
          '"width" has a value, is in "resetToDefault", and is in "setToNull"; only one of them is allowed.',
      },
    ]);
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

/** One entry and its use: what a new setting takes. */
const added = z.object({
  mood: namedEnum('Mood', 'Mood of the tune in this test.', {
    CALM: 'Slow and quiet music only.',
    WILD: 'Fast and loud music only.',
  })
    .default('CALM')
    .meta({ description: 'Mood of the tune.' }),
  minRings: z.int().min(2).default(4).meta({ description: 'Rings before the tune starts.', unit: 'rings' }),
  maxGain: z.number().max(0.5).default(0).meta({ description: 'Gain of the tune.' }),
  note: z.string().nullable().default(null).meta({ description: 'A note about the tune.' }),
});

describe('a new entry', () => {
  const rows = rowsOf(added);

  it('has a GraphQL enum, field and input, with descriptions of its range and of null', () => {
    const addedNow = { values: added.parse({}), version: 0 };
    const load = () => Promise.resolve(addedNow);
    const Added = tableNode('Added', { description: 'Further toys for this test.', rows, load });
    const enums = { reset: 'AddedField', setToNull: 'NullableAddedField' };
    const AddedInput = tableInput('AddedInput', { description: 'Changes of further toys.', rows, enums });
    builder.queryField('added', (t) =>
      t.field({
        type: Added,
        args: { input: t.arg({ type: AddedInput }) },
        resolve: () => toTableNode('Added', addedNow),
      }),
    );
    const types = builder.toSchema().getTypeMap();
    const names = ['Mood', 'Added', 'AddedInput', 'AddedField', 'NullableAddedField'];
    const printed = names.map((name) => types[name] && printType(types[name]));
    expect(printed.join('\n\n')).toMatchInlineSnapshot(`
      """"Mood of the tune in this test."""
      enum Mood {
        """Slow and quiet music only."""
        CALM

        """Fast and loud music only."""
        WILD
      }

      """Further toys for this test."""
      type Added implements Node {
        """Permanent id, always \`Added:server\`."""
        id: ID!

        """Gain of the tune. At most 0.5. Default: 0."""
        maxGain: Float!

        """Rings before the tune starts. At least 2 rings. Default: 4."""
        minRings: Int!

        """Mood of the tune. Default: CALM."""
        mood: Mood!

        """A note about the tune."""
        note: String

        """Increases with every change; 0 before the first."""
        version: Int!
      }

      """Changes of further toys. \`null\` counts as omitted."""
      input AddedInput {
        """Gain of the tune. At most 0.5."""
        maxGain: Float

        """Rings before the tune starts. At least 2 rings."""
        minRings: Int

        """Mood of the tune."""
        mood: Mood

        """A note about the tune. For null, name it in \`setToNull\`."""
        note: String

        """Settings to put back to their defaults, for example \`[MOOD]\`."""
        resetToDefault: [AddedField!]

        """Values to clear, for example \`[NOTE]\`."""
        setToNull: [NullableAddedField!]
      }

      """What \`resetToDefault\` of AddedInput can name."""
      enum AddedField {
        """Puts \`maxGain\` back to its default, 0."""
        MAX_GAIN

        """Puts \`minRings\` back to its default, 4."""
        MIN_RINGS

        """Puts \`mood\` back to its default, CALM."""
        MOOD

        """Puts \`note\` back to its default, null."""
        NOTE
      }

      """What \`setToNull\` of AddedInput can name."""
      enum NullableAddedField {
        """Sets \`note\` to null."""
        NOTE
      }"
    `);
  });

  it('says in outputs what null stands for, and in inputs how it is set', () => {
    const [never, auto] = rowsOf(
      z.object({
        ring: z.int().min(1).nullable().default(9).meta({ description: 'Time to ring.', nullMeans: 'never' }),
        width: z
          .union([z.int(), z.literal('auto')])
          .default(3)
          .meta({ description: 'Width of the tune.' }),
      }),
    );
    if (!never || !auto) throw new Error('there are no rows');
    expect(describeRow(never)).toBe('Time to ring; null for never. At least 1.');
    expect(describeInput(never, true)).toBe('Time to ring. At least 1. For never, name it in `setToNull`.');
    expect(describeInput(never, false)).toBe('Time to ring. At least 1.');
    expect(describeInput(auto, true)).toBe('Width of the tune. For `auto`, name it in `setToNull`.');
  });

  it('has rules that read well with one bound, or with none', () => {
    const values = added.parse({});
    const messagesOf = (wrong: object) =>
      findProblems(rows, { ...values, ...wrong }).map(({ message }) => message);
    expect(messagesOf({ minRings: 1, maxGain: 2, mood: 'SAD' })).toEqual([
      '"mood" must be one of CALM, WILD.',
      '"minRings" is 1; it must be at least 2.',
      '"maxGain" is 2; it must be at most 0.5.',
    ]);
    expect(messagesOf({ minRings: 2.5, maxGain: 'x', note: null })).toEqual([
      '"minRings" is 2.5; it must be a whole number of at least 2.',
      '"maxGain" is x; it must be at most 0.5.',
    ]);
    const unbounded = rowsOf(z.object({ pitch: z.number().default(1), count: z.int().default(1) }));
    expect(findProblems(unbounded, { pitch: 'x', count: 1.5 }).map(({ message }) => message)).toEqual([
      '"pitch" is x; it must be a number.',
      '"count" is 1.5; it must be a whole number.',
    ]);
  });

  it('rejects a bound that is not inclusive, which no text would show', () => {
    expect(() => rowsOf(z.object({ speed: z.number().positive() }))).toThrow('use min and max');
  });

  it('rejects an enum without a name', () => {
    expect(() => enumTypeOf(z.enum(['CALM']))).toThrow('define it with namedEnum');
  });

  it('has its schema in OpenAPI as a setting and as an option of a download', () => {
    const book = createSchemaBook();
    const setting = z.object(fieldSchemas(restSettings(rows)));
    expect(book.toAnswer(setting)['properties']).toEqual({
      mood: { $ref: '#/components/schemas/Mood', description: 'Mood of the tune. Default: CALM.' },
      minRings: {
        type: 'integer',
        minimum: 2,
        maximum: 2_147_483_647,
        description: 'Rings before the tune starts. At least 2 rings. Default: 4.',
      },
      maxGain: { type: 'number', maximum: 0.5, description: 'Gain of the tune. At most 0.5. Default: 0.' },
      note: { type: ['string', 'null'], description: 'A note about the tune.' },
    });
    const options = [...restOptions(rows).values()].map(({ key, schema }) => [key, schema] as const);
    expect(book.toInput(z.object(Object.fromEntries(options)))['properties']).toEqual({
      mood: { type: 'string', enum: ['calm', 'wild'], description: 'In upper or lower case.' },
      min_rings: { type: 'integer', minimum: 2, maximum: 2_147_483_647 },
      max_gain: { type: 'number', maximum: 0.5 },
      note: { type: 'string' },
    });
  });

  it('is rejected by REST in words that name its bound', () => {
    const problemsOf = (input: object) =>
      Object.entries(input).map(
        ([name, value]) => restOptions(rows).get(name)?.schema.safeParse(value).error?.issues[0]?.message,
      );
    expect(problemsOf({ minRings: '1', maxGain: '0.6', mood: 'sad' })).toEqual([
      'allowed are whole numbers from 2 to 2147483647',
      'allowed are numbers up to 0.5',
      'allowed are calm, wild',
    ]);
    expect(problemsOf({ minRings: '2', maxGain: '-100', mood: 'Calm' })).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('has a row in the documentation of settings, and of options', () => {
    expect(documentSettings(rows).split('\n').slice(2)).toEqual([
      '| `mood` | `CALM`, `WILD` | `CALM` | Mood of the tune. |',
      '| `minRings` | `Int` | `4` | Rings before the tune starts. At least 2 rings. |',
      '| `maxGain` | `Float` | `0` | Gain of the tune. At most 0.5. |',
      '| `note` | `String` | `null` | A note about the tune. |',
    ]);
    expect(optionsTable(restOptions(rows)).split('\n').slice(2)).toEqual([
      '| `mood` | `mood` | `calm`, `wild` | Mood of the tune. |',
      '| `min_rings` | `minRings` | integer | Rings before the tune starts. At least 2 rings. |',
      '| `max_gain` | `maxGain` | number | Gain of the tune. At most 0.5. |',
      '| `note` | `note` | string | A note about the tune. |',
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
