import type { DomainError } from '../lib/errors.js';
import { ForbiddenError, InvalidInputError, type ErrorCode } from '../lib/errors.js';
import { builder } from './builder.js';

const CODES: Record<ErrorCode, string> = {
  INVALID_INPUT: 'An argument is missing or has an invalid value.',
  INVALID_ITEM: 'The text is not an id or link of an item that can be used here.',
  INVALID_OPTIONS: 'The output options cannot be combined.',
  INVALID_SETTINGS: 'A setting is out of range or conflicts with another; nothing was stored.',
  LIBRARY_NOT_CONFIGURED: 'The server has no library: LIBRARY_DIRS is empty.',
  FORBIDDEN: 'Your role does not allow this.',
  EXPLICIT_CONTENT: 'The track is marked as explicit, and this server skips such tracks.',
  CATALOG_ITEM_NOT_FOUND: 'The catalog has no item with this id.',
  TASK_NOT_FOUND: 'The task does not exist, or you may not see it.',
  DUPLICATE_DOWNLOAD: 'The same download is already queued or running.',
  TASK_STATE_CONFLICT: 'The task’s state does not allow this action.',
  FORMAT_UNAVAILABLE: 'The installed ffmpeg has no encoder for this format.',
  UPSTREAM_LIMITED: 'The catalog provider limits requests; try again later.',
  UPSTREAM_FAILED: 'The catalog provider did not answer, or answered with an error.',
  DATABASE_UNAVAILABLE: 'The database does not answer; the same request may succeed in a few seconds.',
  LIMIT_EXCEEDED: 'Too much at once: request less, or wait as long as `retryAfterSeconds` says.',
  READ_TIMEOUT: 'The database took too long; try again, request less, or follow cursors instead of offsets.',
  INTERNAL: 'A bug in Reprise; the server log has the details.',
};

const ErrorCodeType = builder.enumType('ErrorCode', {
  description:
    'Machine-readable reason why a request, or one field of it, was refused. `TaskErrorCode` says why a task failed.',
  values: Object.fromEntries(
    Object.entries(CODES).map(([code, description]) => [code, { value: code as ErrorCode, description }]),
  ),
});

export const ErrorInterface = builder
  .interfaceRef<DomainError & { readonly code: ErrorCode }>('Error')
  .implement({
    description: 'A failure that a client can handle; nothing was changed. Query its type for details.',
    fields: (t) => ({
      message: t.exposeString('message', {
        description: 'What is wrong and how to fix it, in plain English.',
      }),
      code: t.field({
        type: ErrorCodeType,
        description: 'Machine-readable reason, for example `TASK_NOT_FOUND`.',
        resolve: (error) => error.code,
      }),
    }),
  });

builder.objectType(InvalidInputError, {
  name: 'InvalidInput',
  description: 'Returned when an argument is invalid; correct it and try again.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    field: t.exposeString('field', {
      nullable: true,
      description: 'Name of the invalid argument or input field; null when unknown.',
    }),
  }),
});

builder.objectType(ForbiddenError, {
  name: 'Forbidden',
  description: 'Returned when your role does not allow the action; nothing was changed.',
  interfaces: [ErrorInterface],
});
