import { builder } from './builder.js';

builder.scalarType('DateTime', {
  description: 'A moment in UTC as ISO 8601 with milliseconds, for example `2026-03-01T12:30:00.000Z`.',
  serialize: (value) => value.toISOString(),
  parseValue: (value) => {
    const date = new Date(typeof value === 'string' ? value : Number.NaN);
    if (Number.isNaN(date.getTime())) throw new TypeError('A DateTime is an ISO 8601 string.');
    return date;
  },
});

builder.scalarType('BigInt', {
  description: 'A whole number that may pass 2³¹, as a JSON number; exact up to 2⁵³.',
  serialize: (value) => Number(value),
  parseValue: (value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw new TypeError('A BigInt is a whole number.');
    return BigInt(value);
  },
});
