import { createContextCache } from '@pothos/core';
import type { GraphqlContext } from '../context.js';
import { isPartialDate, isWebAddress } from '../lib/formats.js';
import { providerOf, type Image } from './catalog-item.js';

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

/** A picture without an address is left out. */
export function imagesOf(
  { id, images }: { id: string; images: Image[] },
  _args: object,
  context: GraphqlContext,
): Image[] {
  const size = (sent: number | null) => numberOf(context, { id, field: 'images', sent });
  return images
    .filter(({ url }) => checked(context, isWebAddress, { id, field: 'images', sent: url }) !== null)
    .map(({ url, widthPx, heightPx }) => ({ url, widthPx: size(widthPx), heightPx: size(heightPx) }));
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
