import { z } from 'zod';

/* What answers of several services have alike. */

export const webAddress = z
  .string()
  .regex(/^https?:\/\/\S+$/)
  .nullable()
  .catch(null);

/** Items of a list that do not have the form; their places are kept. */
export const rowsOf = <T>(item: z.ZodType<T>) => z.array(item.nullable().catch(null));

export const present = <T>(rows: readonly (T | null)[]): T[] => rows.flatMap((each) => each ?? []);

const JPEG = [0xff, 0xd8, 0xff];
const PNG = [0x89, 0x50, 0x4e, 0x47];

/** By its first bytes: what a server calls a picture may be a page. */
export const isJpegOrPng = (bytes: Uint8Array): boolean =>
  [JPEG, PNG].some((start) => start.every((byte, index) => bytes[index] === byte));
