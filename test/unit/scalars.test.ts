import { isScalarType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/schema.js';

function scalar(name: string) {
  const type = schema.getType(name);
  if (!isScalarType(type)) throw new Error(`${name} is not a scalar`);
  return type;
}

const VALUES: [string, { good: unknown[]; bad: unknown[] }][] = [
  [
    'URL',
    {
      good: ['https://example.com', 'http://[::1]:8080/x?y=z#w', 'HTTPS://EXAMPLE.COM/ü'],
      bad: [
        'example.com',
        'ftp://example.com',
        'https://',
        'https://a b',
        'https://a/\n',
        'data:,x',
        7,
        null,
      ],
    },
  ],
  [
    'PartialDate',
    {
      good: ['2024', '1999-12', '2024-02-29', '0001-01-01'],
      bad: [
        '24',
        '2024-00',
        '2024-13',
        '2023-02-29',
        '2024-04-31',
        '2024-1',
        '2024-10-18 ',
        ' 2024',
        2024,
        null,
      ],
    },
  ],
];

describe.each(VALUES)('a %s', (name, { good, bad }) => {
  const { serialize, parseValue } = scalar(name);

  it.each(good)('may be %j, which stays as it is', (value) => {
    expect([serialize(value), parseValue(value)]).toEqual([value, value]);
  });

  it.each(bad)('may not be %j', (value) => {
    expect(() => serialize(value)).toThrow(TypeError);
    expect(() => parseValue(value)).toThrow(TypeError);
  });
});

describe('a DateTime', () => {
  const { parseValue } = scalar('DateTime');

  it.each([
    ['2026-03-01T12:30:00.000Z', '2026-03-01T12:30:00.000Z'],
    ['2026-03-01T14:30:00+02:00', '2026-03-01T12:30:00.000Z'],
    ['2024-02-29T23:59:59.123456Z', '2024-02-29T23:59:59.123Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ])('may be %j', (text, time) => {
    expect(parseValue(text)).toEqual(new Date(time));
  });

  it.each([
    ...['1', '2027', '2026-03-01', 'January 1, 2026', '2026-1-1', '', ' 2026-03-01T12:30:00Z'],
    ...['2026-02-31T00:00:00Z', '2023-02-29T00:00:00Z', '2026-03-01T24:00:00Z', '2026-03-01T12:60:00Z'],
    ...['2026-03-01T12:30:00', '2026-03-01 12:30:00', '2026-03-01T12:30:00+25:00', '+010000-01-01T00:00:00Z'],
    ...[
      '0000-01-01T00:00:00Z',
      '0001-01-01T00:00:00+01:00',
      '9999-12-31T23:59:59-01:00',
      1_767_225_600,
      null,
    ],
  ])('may not be %j', (value) => {
    expect(() => parseValue(value)).toThrow(/a zone, for example "2026-03-01T12:30:00Z"/);
  });
});
