import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: `${process.env.REPRISE_URL ?? 'http://127.0.0.1:7171'}/schema.graphql`,
  documents: '../operations.graphql',
  generates: {
    'generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        scalars: { BigInt: 'number', DateTime: 'string', PartialDate: 'string', URL: 'string' },
      },
    },
  },
};
export default config;
