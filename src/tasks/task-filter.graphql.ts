import type { InputFieldBuilder } from '@pothos/core';
import { searchWords } from '../catalog/normalize.js';
import type { builder } from '../graphql/builder.js';
import { distinct } from '../graphql/input-limits.js';
import { parseOptionalId } from '../graphql/node-id.js';
import { InvalidInputError, type TaskErrorCode } from '../lib/errors.js';
import type { RowFilter } from './task-filter.js';
import { TaskErrorCodeEnum } from './task-type.graphql.js';

type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer T> ? T : never;

const MAX_QUERY_LENGTH = 200;

/** Conditions of TaskFilter and HistoryFilter. */
export function rowFilterFields(t: InputFieldBuilder<Types, 'InputObject'>, what: string) {
  const time = (description: string) => t.field({ type: 'DateTime', description });
  return {
    query: t.string({
      description: `Search text of 1 to ${MAX_QUERY_LENGTH} characters, for ${what} that have every word in title, artists or album, regardless of case and accents; words of one or two letters match the beginning of a word.`,
    }),
    owner: t.id({
      description: `Only ${what} of this user: \`User:<uuid>\` or the bare UUID. Only admins see others’ ${what}; for anyone else, another user’s id selects none.`,
    }),
    errorCodes: t.field({
      type: [TaskErrorCodeEnum],
      description: `Only ${what} whose \`error\` has one of these codes, for example \`[NO_SOURCE]\`.`,
    }),
    createdSince: time(`Only ${what} that were queued at this time or later.`),
    createdBefore: time(`Only ${what} that were queued before this time.`),
    finishedSince: time(`Only ${what} that finished at this time or later; active ones have not.`),
    finishedBefore: time(`Only ${what} that finished before this time; active ones have not.`),
  };
}

type Input = {
  query?: string | null | undefined;
  owner?: string | null | undefined;
  errorCodes?: TaskErrorCode[] | null | undefined;
} & {
  [Time in 'createdSince' | 'createdBefore' | 'finishedSince' | 'finishedBefore']?: Date | null | undefined;
};

/** Throws InvalidInputError. */
export function toRowFilter(input: Input | null | undefined): RowFilter {
  const { query, owner, errorCodes, createdSince, createdBefore, finishedSince, finishedBefore } =
    input ?? {};
  return {
    words: query === null || query === undefined ? null : parseQuery(query),
    ownerId: parseOptionalId('User', owner, 'owner'),
    errorCodes: distinct(errorCodes),
    createdSince: createdSince ?? null,
    createdBefore: createdBefore ?? null,
    finishedSince: finishedSince ?? null,
    finishedBefore: finishedBefore ?? null,
  };
}

function parseQuery(query: string): string[] {
  // PostgreSQL rejects NUL in text, and no title has a control character.
  const text = query.replace(/\p{Cc}/gu, ' ').trim();
  if (text !== '' && text.length <= MAX_QUERY_LENGTH) return searchWords(text);
  throw new InvalidInputError(`"query" must have 1 to ${MAX_QUERY_LENGTH} characters.`, 'query');
}
