import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { graphql } from '../../src/generated/documents/gql.js';
import { ask } from '../kit/ask.js';
import { serveOwnUser, serveWith } from '../kit/serve-as.js';
import { startApp, type TestApp } from '../kit/start-app.js';

const SCAN = graphql(`
  mutation ScanLibrary {
    scanLibrary {
      __typename
      ... on LibraryScanRequested {
        library {
          id
          directories
        }
      }
      ... on Error {
        code
        message
      }
    }
  }
`);

const LIBRARY_NODE = graphql(`
  query LibraryNode($id: ID!) {
    node(id: $id) {
      __typename
      id
      ... on Library {
        directories
        fileCount
      }
    }
    library {
      id
    }
  }
`);

/** Nothing works in this role, so that a scan is only requested. */
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api', libraryDirs: [tmpdir()] } });
});
afterAll(() => app?.stop());

describe('the library', () => {
  it('is a node with a permanent id', async () => {
    const { node, library } = await app.execute(LIBRARY_NODE, { id: 'Library:server' });
    expect(node).toEqual({
      __typename: 'Library',
      id: 'Library:server',
      directories: [tmpdir()],
      fileCount: 0,
    });
    expect(library).toEqual({ id: 'Library:server' });
  });

  it('rejects another id', async () => {
    const { data, errors } = await ask(app, LIBRARY_NODE, { id: 'Library:1' });
    expect(data).toEqual({ node: null, library: { id: 'Library:server' } });
    expect(errors).toEqual([
      {
        path: 'node',
        code: 'INVALID_INPUT',
        message: '"Library:1" is not a valid Library id; expected: Library:server.',
      },
    ]);
  });
});

describe('scanLibrary', () => {
  it('answers with the library that is going to be scanned', async () => {
    expect((await app.execute(SCAN)).scanLibrary).toEqual({
      __typename: 'LibraryScanRequested',
      library: { id: 'Library:server', directories: [tmpdir()] },
    });
  });

  it('is Forbidden for all but admins', async () => {
    const { own: theirs } = await serveOwnUser(app);
    expect((await theirs.execute(SCAN)).scanLibrary).toMatchObject({
      __typename: 'Forbidden',
      code: 'FORBIDDEN',
    });
  });

  it('says that there is no library, and how to set one up', async () => {
    const env = { ...app.env, libraryDirs: [] };
    const bare = await serveWith(app, { env });
    onTestFinished(() => bare.stop());
    expect((await bare.execute(SCAN)).scanLibrary).toEqual({
      __typename: 'LibraryNotConfigured',
      code: 'LIBRARY_NOT_CONFIGURED',
      message: 'There is no library to scan: set LIBRARY_DIRS to the folders of your music and restart.',
    });
  });
});
