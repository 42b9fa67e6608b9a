import { writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from '../src/schema.js';

writeFileSync('schema.graphql', `${printSchema(lexicographicSortSchema(schema))}\n`);
