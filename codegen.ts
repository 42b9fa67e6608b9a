import type { CodegenConfig } from '@graphql-codegen/cli';

/** Typed documents for REST routes and tests, from the schema that REST documents run against. */
const config: CodegenConfig = {
  schema: 'src/generated/internal.graphql',
  documents: ['src/rest/**/*.ts', 'src/demo.ts', 'test/**/*.ts', 'tools/**/*.ts', '!test/clients/**'],
  ignoreNoDocuments: true,
  generates: {
    'src/generated/documents/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { DateTime: 'string', BigInt: 'number', URL: 'string', PartialDate: 'string' },
        importExtension: '.js',
      },
    },
  },
};

export default config;
