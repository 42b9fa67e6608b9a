import type { ComplexityErrorFn } from '@pothos/plugin-complexity';
import { GraphQLError } from 'graphql';

/** Fields that one operation may cost, each entry of a page counted: a page of 500 rows of history fits. */
const MAX_COMPLEXITY = 40_000;

const complexityError: ComplexityErrorFn = (kind, result) =>
  new GraphQLError(
    `This operation asks for too much: its ${kind.toLowerCase()} is ${result.complexity}, at most ${MAX_COMPLEXITY} is allowed. Ask for smaller pages.`,
    { extensions: { code: 'LIMIT_EXCEEDED' } },
  );

export const complexityLimit = {
  defaultComplexity: 1,
  // Connections multiply by the page size that was asked for; other lists (artists, genres) are short.
  defaultListMultiplier: 1,
  limit: { complexity: MAX_COMPLEXITY },
  complexityError,
};
