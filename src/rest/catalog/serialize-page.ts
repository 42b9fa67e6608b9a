/** A page of a list in the shape of Spotify's Web API; `url` is the list's address, to which a page's place is added. */
export function toWirePage(
  { items, total }: { items: readonly object[]; total: number },
  { limit, offset, url }: { limit: number; offset: number; url: string },
) {
  const at = (start: number) => `${url}&limit=${limit}&offset=${start}`;
  const next = items.length > 0 && offset + items.length < total ? at(offset + items.length) : null;
  const previous = offset > 0 ? at(Math.max(0, offset - limit)) : null;
  return { items, total, limit, offset, next, previous };
}
