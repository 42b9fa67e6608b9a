import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApp, type TestApp } from '../kit/start-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ env: { role: 'api' } });
});
afterAll(() => app.stop());

const TASKS = `
  query One($first: Int) { tasks(first: $first) { edges { node { id } } } }
  query Many { tasks(first: 100) { edges { node { ...deep } } } }
  fragment deep on Task { id children(first: 500) { edges { node { id title } } } }
`;

interface Answer {
  data?: object | null;
  errors?: { extensions: { code: string } }[];
  extensions?: { cost: { complexity: number; limit: number } };
}

async function ask(
  request: object,
  headers: Record<string, string> = { 'graphql-cost': '1' },
): Promise<Answer> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: TASKS, operationName: 'One', ...request }),
  });
  return (await response.json()) as Answer;
}

test('reports the cost of the operation that runs, on request only', async () => {
  expect((await ask({}, {})).extensions).toBeUndefined();
  const costs: number[] = [];
  for (const first of [1, 10, 100]) {
    const { data, extensions } = await ask({ variables: { first } });
    expect(data).toMatchObject({ tasks: { edges: [] } });
    expect(extensions?.cost.limit).toBe(60_000);
    costs.push(extensions?.cost.complexity ?? 0);
  }
  const [one = 0, ten = 0, hundred = 0] = costs;
  expect(one).toBeGreaterThan(0);
  expect(hundred - ten).toBe(10 * (ten - one));
});

test('reports the cost of what was refused for it', async () => {
  const { errors, extensions } = await ask({ operationName: 'Many' });
  expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
  expect(extensions?.cost.complexity).toBeGreaterThan(60_000);
});

test('reports no cost where the variables are invalid', async () => {
  const { errors, extensions } = await ask({ variables: { first: 'many' } });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  expect(extensions).toBeUndefined();
});
