import { buildSchema, parse, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { describe, expect, it } from 'vitest';
import { useSharedUpdates } from '../../src/graphql/shared-updates.js';

type Subscribe = (args: ExecutionArgs) => Promise<AsyncIterable<ExecutionResult>>;

/** The plugin's way to subscribe. */
function subscribeFn(): Subscribe {
  let found: unknown;
  const payload = { setSubscribeFn: (given: unknown) => (found = given) };
  void useSharedUpdates().onSubscribe?.(payload as never);
  return found as Subscribe;
}

const schema = buildSchema(
  'type Query { a: Int } type Subscription { news(mark: Int): News } type News { text: String }',
);
const document = parse('subscription ($mark: Int) { news(mark: $mark) { text } }');
const ada = { id: 'ada', role: 'USER' };

/** Subscriptions to the same two updates, and how often each was executed. */
function createWorld({ fail = false } = {}) {
  const subscribe = subscribeFn();
  let executed = 0;
  const text = () => {
    executed += 1;
    if (fail) throw new Error('broken');
    return `made ${executed}`;
  };
  const all = [{ news: { text } }, { news: { text } }];
  const read = async (viewer: object | undefined, variableValues: Record<string, unknown> = {}) => {
    const source = async function* () {
      await Promise.resolve();
      yield* all;
    };
    const contextValue = { viewer };
    const subscribeFieldResolver = source;
    const results = await subscribe({
      schema,
      document,
      contextValue,
      variableValues,
      subscribeFieldResolver,
    });
    const texts: unknown[] = [];
    for await (const { data, errors } of results)
      texts.push(errors?.[0]?.message ?? (data?.['news'] as { text: string }).text);
    return texts;
  };
  return { read, executed: () => executed };
}

describe('shared updates', () => {
  it('are executed once for all identical operations of the same viewer', async () => {
    const { read, executed } = createWorld();
    const answers = await Promise.all([read(ada), read({ ...ada }), read(ada)]);
    expect(answers).toEqual([
      ['made 1', 'made 2'],
      ['made 1', 'made 2'],
      ['made 1', 'made 2'],
    ]);
    expect(executed()).toBe(2);
  });

  it('are executed again for another viewer, another role and other variables', async () => {
    const { read, executed } = createWorld();
    await read(ada);
    await read({ id: 'bob', role: 'USER' });
    await read({ id: 'ada', role: 'ADMIN' });
    await read(ada, { mark: 1 });
    expect(executed()).toBe(8);
  });

  it('are executed for each anonymous reader, and when a response has errors', async () => {
    const unnamed = createWorld();
    await unnamed.read(undefined);
    await unnamed.read(undefined);
    expect(unnamed.executed()).toBe(4);
    const broken = createWorld({ fail: true });
    expect(await broken.read(ada)).toEqual(['broken', 'broken']);
    expect(await broken.read(ada)).toEqual(['broken', 'broken']);
    expect(broken.executed()).toBe(4);
  });
});
