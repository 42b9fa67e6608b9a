import { z } from 'zod';

const WEB_ADDRESS = /^https?:\/\/[^\s\p{Cc}]+$/iu;

/** An absolute URL with the scheme `http` or `https`, without spaces and control characters. */
export function isWebAddress(text: string): boolean {
  return WEB_ADDRESS.test(text) && URL.canParse(text);
}

const PARTIAL_DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/;

/** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, of a day that exists: level 0 of EDTF without times and intervals. */
export function isPartialDate(text: string): boolean {
  const [, year, month = '01', day = '01'] = PARTIAL_DATE.exec(text) ?? [];
  if (year === undefined) return false;
  const first = `${year}-${month}-${day}`;
  const date = new Date(`${first}T00:00:00Z`);
  // February 31 is read as March 3.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(first);
}

const dateTime = z.iso.datetime({ offset: true });

/** RFC 3339: date, time with seconds, and zone, of a day that exists. In UTC the year has four digits and is not 0. */
export function isDateTime(text: string): boolean {
  return dateTime.safeParse(text).success && /^(?!0000)\d{4}-/.test(new Date(text).toISOString());
}

/** What a reader counts, and JSON Schema: an emoji is one, though it takes two units of UTF-16. */
export const countCharacters = (text: string): number => [...text].length;

/* Control and format characters, halves of pairs, breaks of lines and paragraphs: not for a name, nor for a log. */

export const isOneLine = (text: string): boolean => !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);

export const toOneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\ufffd');
