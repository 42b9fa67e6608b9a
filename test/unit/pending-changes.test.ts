import { describe, expect, it } from 'vitest';
import { createPendingChanges } from '../../src/rest/pending-changes.js';

const change = (key: string, value: string, cursor?: string) => ({
  key,
  value: `${key} ${value}`,
  finished: value === 'ended',
  ...(cursor ? { cursor } : {}),
});

describe('pending changes', () => {
  it('keep the latest state of each task, in the order in which they first changed', () => {
    const pending = createPendingChanges<string>();
    for (const each of [change('a', 'one'), change('b', 'one'), change('a', 'two')]) pending.add(each);
    expect(pending.take()).toEqual({ values: ['a two', 'b one'], cursor: undefined });
    expect(pending.isEmpty).toBe(true);
  });

  it('never hide a finished state by a later one', () => {
    const pending = createPendingChanges<string>();
    for (const each of [change('a', 'ended', '1'), change('b', 'one'), change('a', 'again', '2')])
      pending.add(each);
    expect(pending.take()).toEqual({ values: ['a ended', 'b one'], cursor: '1' });
    expect(pending.isEmpty).toBe(false);
    expect(pending.take()).toEqual({ values: ['a again'], cursor: '2' });
  });

  it('let a finished state replace earlier ones, and another finished state', () => {
    const pending = createPendingChanges<string>();
    for (const each of [change('a', 'one'), change('a', 'ended'), change('a', 'ended')]) pending.add(each);
    expect(pending.take().values).toEqual(['a ended']);
  });

  it('have the cursor of the latest change that has one', () => {
    const pending = createPendingChanges<string>();
    for (const each of [change('a', 'one', '5'), change('b', 'one', '7'), change('c', 'one')])
      pending.add(each);
    expect(pending.take().cursor).toBe('7');
  });

  it('are empty when nothing has changed', () => {
    expect(createPendingChanges<string>().take()).toEqual({ values: [], cursor: undefined });
  });
});
