import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SHAPES_VERSION } from '../../src/catalog/catalog-item.js';

/** Every type of a file, without comments and spaces. */
function typesOf(path: string): string {
  const source = readFileSync(path, 'utf8');
  const blocks = source.match(/^export interface (?!CatalogSource|PageRequest)\w+.*?^\}/gms) ?? [];
  return blocks
    .join('')
    .replaceAll(/\/\*.*?\*\//gs, '')
    .replaceAll(/\s/g, '');
}

it('Answers of catalogues are kept over upgrades: when the shape of items changes, raise SHAPES_VERSION', () => {
  const types = ['src/catalog/catalog-item.ts', 'src/catalog/catalog-source.ts'].map(typesOf).join('');
  const digest = createHash('sha256').update(types).digest('hex').slice(0, 12);
  expect(`${SHAPES_VERSION} ${digest}`).toMatchInlineSnapshot(`"1 ff99c54bbc81"`);
});
