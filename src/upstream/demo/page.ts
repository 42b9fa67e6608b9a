import type { Page, PageRequest } from '../../catalog/catalog-source.js';

/** The places of a list of `total` that are on a page. */
export function placesOf({ offset, limit }: PageRequest, total: number): number[] {
  const length = Math.max(0, Math.min(limit, total - offset));
  return Array.from({ length }, (_, index) => offset + index);
}

/** Converts what is on the page and nothing else. */
export function pageOf<T, R>(
  all: readonly T[],
  { offset, limit }: PageRequest,
  convert: (one: T) => R,
): Page<R> {
  return { items: all.slice(offset, offset + limit).map(convert), total: all.length };
}
