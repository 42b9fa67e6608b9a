import { writeFileSync } from 'node:fs';
import { printSortedSchema } from '../src/http/schema-files.js';
import { schema } from '../src/schema.js';

writeFileSync('schema.graphql', printSortedSchema(schema));
