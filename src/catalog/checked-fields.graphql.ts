import { createContextCache } from '@pothos/core';
import type { GraphqlContext } from '../context.js';
import { isPartialDate, isWebAddress } from '../lib/formats.js';
import { picturesOf, providerOf, type CatalogItem, type Image } from './catalog-item.js';

export interface ServedImage {
  url: string;
  sizePx: number;
}

/*
 * Resolvers for what a catalog may send in any form, and the schema promises in one. A value of another form is
 * null: as an error it would take the rest of its list with it.
 */

/** One line for each catalog and field of a request, however many of its items are wrong. */
const reported = createContextCache(() => new Set<string>());

interface SentValue {
  /** Of the item that the value belongs to. */
  id: string;
  field: string;
  sent: string;
}

function reportInvalid(context: GraphqlContext, { id, field, sent }: SentValue): void {
  const catalog = providerOf({ id });
  const subject = `${catalog} ${field}`;
  const before = reported(context);
  if (before.has(subject)) return;
  before.add(subject);
  context.log.warn({ catalog, item: id, field, sent: sent.slice(0, 200) }, 'catalog sent an invalid value');
}

function checked(
  context: GraphqlContext,
  isValid: (text: string) => boolean,
  { sent, ...value }: Omit<SentValue, 'sent'> & { sent: string | null },
): string | null {
  if (sent === null || isValid(sent)) return sent;
  reportInvalid(context, { ...value, sent });
  return null;
}

export function urlOf(
  { id, url }: { id: string; url: string | null },
  _args: object,
  context: GraphqlContext,
) {
  return checked(context, isWebAddress, { id, field: 'url', sent: url });
}

export function releaseDateOf(
  { id, releaseDate }: { id: string; releaseDate: string | null },
  _args: object,
  context: GraphqlContext,
) {
  return checked(context, isPartialDate, { id, field: 'releaseDate', sent: releaseDate });
}

const MAX_INT = 2 ** 31 - 1;

interface SentNumber {
  id: string;
  field: string;
  sent: number | null;
}

/** Null for a number that is not an Int of at least 0. */
export function numberOf(context: GraphqlContext, { sent, ...value }: SentNumber): number | null {
  if (sent === null || (Number.isInteger(sent) && sent >= 0 && sent <= MAX_INT)) return sent;
  reportInvalid(context, { ...value, sent: String(sent) });
  return null;
}

/** The nearest Int of at least 0, where the schema has no null. */
export function countOf(context: GraphqlContext, { sent, ...value }: SentNumber & { sent: number }): number {
  const nearest = Math.min(Math.max(Math.round(sent), 0), MAX_INT);
  if (nearest !== sent) reportInvalid(context, { ...value, sent: String(sent) });
  return nearest;
}

/** In whole milliseconds. */
export function durationOf(
  { id, durationMs }: { id: string; durationMs: number | null },
  _args: object,
  context: GraphqlContext,
): number | null {
  const whole = durationMs === null ? null : Math.round(durationMs);
  if (whole === null || (Number.isSafeInteger(whole) && whole >= 0)) return whole;
  reportInvalid(context, { id, field: 'durationMs', sent: String(durationMs) });
  return null;
}

type Pictured = Extract<CatalogItem, { images: Image[] }>;

/** Addresses of ours; none for an item whose catalog names no picture. */
export async function imagesOf(
  item: Pictured,
  _args: object,
  context: GraphqlContext,
): Promise<ServedImage[]> {
  const { id } = item;
  const isKnown = (url: string) => url.startsWith(`${providerOf(item)}:`) || isWebAddress(url);
  const known = picturesOf(item).filter(
    ({ url }) => checked(context, isKnown, { id, field: 'images', sent: url }) !== null,
  );
  if (known.length === 0) return [];
  const { publicUrl } = context.request;
  const addresses = await context.covers.addresses.of(item);
  return addresses.map(({ path, sizePx }) => ({ url: `${publicUrl}${path}`, sizePx }));
}

/** `Date.parse` also reads `1` and `May 5`. */
const isTime = (text: string): boolean => /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text));

export function addedAtOf(
  { playlistId, addedAt }: { playlistId: string; addedAt: string | null },
  _args: object,
  context: GraphqlContext,
): Date | null {
  const time = checked(context, isTime, { id: playlistId, field: 'addedAt', sent: addedAt });
  return time === null ? null : new Date(time);
}
