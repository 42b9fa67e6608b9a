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
