import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { catalogItemSchema, SCHEMA_VERSION } from '../../src/catalog/catalog-item.js';
import { playlistEntrySchema } from '../../src/catalog/catalog-source.js';

it('keeps catalog responses over upgrades: raise SCHEMA_VERSION when the schema of an item changes', () => {
  const schemas = [catalogItemSchema, playlistEntrySchema].map((schema) => z.toJSONSchema(schema));
  const digest = createHash('sha256').update(JSON.stringify(schemas)).digest('hex').slice(0, 12);
  expect(`${SCHEMA_VERSION} ${digest}`).toMatchInlineSnapshot(`"1 f85793151c58"`);
});
