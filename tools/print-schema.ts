import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { printSortedSchema } from '../src/http/schema-files.js';
import { internalSchema, schema } from '../src/schema.js';

/** The public schema is committed; the one that REST documents are typed by is generated. */
if (argv.includes('--internal')) {
  writeFileSync('src/generated/internal.graphql', printSortedSchema(internalSchema));
} else {
  writeFileSync('schema.graphql', printSortedSchema(schema));
}
