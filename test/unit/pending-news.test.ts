import { describe, expect, it } from 'vitest';
import { createPendingNews } from '../../src/rest/pending-news.js';

const news = (key: string, value: string, mark?: string) => ({
  key,
  value: `${key} ${value}`,
  terminal: value === 'ended',
  ...(mark ? { mark } : {}),
});

describe('pending news', () => {
  it('keeps of each thing the latest state, in the order in which they first changed', () => {
    const pending = createPendingNews<string>();
    for (const each of [news('a', 'one'), news('b', 'one'), news('a', 'two')]) pending.add(each);
    expect(pending.take()).toEqual({ values: ['a two', 'b one'], mark: undefined });
    expect(pending.isEmpty).toBe(true);
  });

  it('never lets an end be hidden by what follows it', () => {
    const pending = createPendingNews<string>();
    for (const each of [news('a', 'ended', '1'), news('b', 'one'), news('a', 'again', '2')])
      pending.add(each);
    expect(pending.take()).toEqual({ values: ['a ended', 'b one'], mark: '1' });
    expect(pending.isEmpty).toBe(false);
    expect(pending.take()).toEqual({ values: ['a again'], mark: '2' });
  });

  it('lets an end replace what came before it, and another end', () => {
    const pending = createPendingNews<string>();
    for (const each of [news('a', 'one'), news('a', 'ended'), news('a', 'ended')]) pending.add(each);
    expect(pending.take().values).toEqual(['a ended']);
  });

  it('has the mark of the latest news that has one', () => {
    const pending = createPendingNews<string>();
    for (const each of [news('a', 'one', '5'), news('b', 'one', '7'), news('c', 'one')]) pending.add(each);
    expect(pending.take().mark).toBe('7');
  });

  it('is an empty message when there is none', () => {
    expect(createPendingNews<string>().take()).toEqual({ values: [], mark: undefined });
  });
});
