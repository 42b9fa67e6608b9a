import { isDateTime, isPartialDate, isWebAddress } from '../lib/formats.js';
import { builder } from './builder.js';

builder.scalarType('DateTime', {
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  description:
    'Time in UTC as ISO 8601 with milliseconds, for example `2026-03-01T12:30:00.000Z`. In inputs also with another zone, for example `2026-03-01T14:30:00+02:00`.',
  serialize: (value) => value.toISOString(),
  parseValue: (value) => {
    if (typeof value === 'string' && isDateTime(value)) return new Date(value);
    throw new TypeError(
      'A DateTime must be a day that exists, a time with seconds and a zone, for example "2026-03-01T12:30:00Z" or "2026-03-01T14:30:00+02:00".',
    );
  },
});

builder.scalarType('BigInt', {
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259#section-6',
  description: 'Integer of up to 53 bits, as a JSON number.',
  serialize: (value) => Number(value),
  parseValue: (value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw new TypeError('A BigInt must be an integer.');
    return BigInt(value);
  },
});

function readUrl(value: unknown): string {
  if (typeof value === 'string' && isWebAddress(value)) return value;
  throw new TypeError('A URL must begin with http:// or https:// and have no spaces.');
}

builder.scalarType('URL', {
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3986',
  description:
    'Absolute address with the scheme `http` or `https`, for example `https://example.com/cover.jpg`.',
  serialize: readUrl,
  parseValue: readUrl,
});

function readPartialDate(value: unknown): string {
  if (typeof value === 'string' && isPartialDate(value)) return value;
  throw new TypeError('A PartialDate must be YYYY, YYYY-MM or YYYY-MM-DD, and a day that exists.');
}

builder.scalarType('PartialDate', {
  specifiedByURL: 'https://www.loc.gov/standards/datetime/',
  description:
    'Date as exact as it is known: `2024`, `2024-10` or `2024-10-18`. A subset of EDTF (level 0) and of ISO 8601.',
  serialize: readPartialDate,
  parseValue: readPartialDate,
});
