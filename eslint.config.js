import graphql from '@graphql-eslint/eslint-plugin';
import js from '@eslint/js';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

const recommended = Object.fromEntries(
  Object.entries(graphql.configs).map(([name, { rules }]) => [name.replace('flat/', ''), rules]),
);

/** Documents stand in `graphql(…)` templates; each is checked as a file of its own. */
const DOCUMENTS = ['src/rest/**/documents.ts', 'src/demo.ts', 'test/**/*.ts', 'tools/**/*.ts'];
/** What the example clients share, against the schema that they see. */
const CLIENT_OPERATIONS = 'test/clients/operations.graphql';
/** A schema of its own. */
const NO_DOCUMENTS = ['test/graphql/toy-server.ts'];

/** One for all, because the plugin keeps the first that it meets. */
const graphQLConfig = {
  projects: {
    schema: { schema: 'schema.graphql', documents: CLIENT_OPERATIONS },
    documents: { schema: 'src/generated/internal.graphql', documents: DOCUMENTS },
  },
};

const withGraphql = (rules) => ({
  plugins: { '@graphql-eslint': graphql },
  languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig } },
  rules,
});

export default tseslint.config(
  // Programs of clients need types that their tests generate, and are checked there.
  { ignores: ['dist', 'src/generated', 'coverage', 'test/clients/*/'] },
  {
    files: ['**/*.{js,mjs,ts}'],
    extends: [js.configs.recommended, ...tseslint.configs.recommendedTypeChecked],
  },
  {
    files: ['**/*.{js,mjs,ts}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Our objects are plain: no method of theirs uses `this`, so that taking one off is safe.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-restricted-syntax': ['error', { selector: 'TSEnumDeclaration', message: 'Use a string union.' }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 3],
      'max-depth': ['error', 3],
    },
  },
  // A resolver's signature is GraphQL's; a read takes what Pothos adds to its query last.
  { files: ['src/**/*.graphql.ts', 'src/**/*-store.ts'], rules: { 'max-params': ['error', 4] } },
  // One text from outside must not stop the server: each expression is linear in its input.
  {
    files: ['src/**'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
    },
  },
  {
    files: ['test/**'],
    rules: { 'max-lines-per-function': 'off', 'max-lines': 'off', 'max-params': ['error', 4] },
  },
  { files: ['*.js', 'packaging/*.mjs', 'tools/**/*.{mjs,ts}'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['schema.graphql'],
    ...withGraphql({
      ...recommended['schema-recommended'],
      ...recommended['schema-relay'],
      // Payloads, errors, pages and values belong to what they came with; whatever can be fetched is a Node.
      '@graphql-eslint/strict-id-in-types': 'off',
      // `trackNumber` and `username` are words of the field.
      '@graphql-eslint/no-typename-prefix': 'off',
      // Lists of catalogs are read by offset, forward only.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // Entries of playlists and library problems cannot be fetched alone; short lists need no pages.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
    }),
  },
  { files: DOCUMENTS, ignores: NO_DOCUMENTS, processor: graphql.processor },
  {
    files: DOCUMENTS.map((pattern) => `${pattern}/*.graphql`),
    ...withGraphql({
      ...recommended['operations-recommended'],
      // For clients with a cache; here an id that nobody reads only costs.
      '@graphql-eslint/require-selections': 'off',
    }),
  },
  { files: [CLIENT_OPERATIONS], ...withGraphql(recommended['operations-recommended']) },
  {
    files: ['test/**/*.ts/*.graphql'],
    // A deprecated field is tested until it goes.
    rules: { '@graphql-eslint/no-deprecated': 'off' },
  },
);
