import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { catalogItemSchema, SCHEMA_VERSION } from '../../src/catalog/catalog-item.js';
import { playlistEntrySchema } from '../../src/catalog/catalog-source.js';

it('reads stored responses: raise SCHEMA_VERSION when those of the version before no longer parse', () => {
  const schemas = [catalogItemSchema, playlistEntrySchema].map((schema) =>
    z.toJSONSchema(schema, { io: 'input' }),
  );
  const digest = createHash('sha256').update(JSON.stringify(schemas)).digest('hex').slice(0, 12);
  expect(`${SCHEMA_VERSION} ${digest}`).toMatchInlineSnapshot(`"1 c1dccbbaaa72"`);
});
