import type { DomainError } from '../lib/errors.js';
import { ForbiddenError, InvalidInputError, type ErrorCode } from '../lib/errors.js';
import { builder } from './builder.js';

const CODES: Record<ErrorCode, string> = {
  INVALID_INPUT: 'An argument is not of the form that it takes.',
  INVALID_OPTIONS: 'The output that was asked for makes no sense.',
  INVALID_SETTINGS: 'The settings would make no sense; nothing was stored.',
  FORBIDDEN: 'You may not do this.',
  EXPLICIT_CONTENT: 'It is marked as explicit, and this server leaves such tracks out.',
  QUALITY_UNAVAILABLE: 'No source has it in the quality that the settings ask for.',
  CATALOG_ITEM_NOT_FOUND: 'The catalogue has no such item.',
  TASK_NOT_FOUND: 'There is no such task, or you may not see it.',
  DUPLICATE_DOWNLOAD: 'The same download is on its way already.',
  TASK_STATE_CONFLICT: 'The task’s state does not allow this.',
  FORMAT_UNAVAILABLE: 'The ffmpeg in use lacks the encoder.',
  UPSTREAM_LIMITED: 'The catalogue limits requests for a while.',
  UPSTREAM_FAILED: 'The catalogue did not answer properly.',
  NO_SOURCE: 'No source may supply this track.',
  SOURCE_STALLED: 'The source stopped sending.',
  SOURCE_CUT_OFF: 'The source broke off before the end.',
  SOURCE_INVALID_AUDIO: 'What the source sent is not the audio it promised.',
  SOURCE_FAILED: 'The source could not be read.',
  TRANSCODE_FAILED: 'ffmpeg could not make the file.',
  FFMPEG_MISSING: 'ffmpeg cannot be run on this server.',
  DISK_FULL: 'There is no space left for the file.',
  TARGET_NOT_WRITABLE: 'The download directory cannot be written.',
  WORKER_LOST: 'The workers that ran this died again and again.',
  CHILDREN_FAILED: 'Every part of this list failed.',
  INTERNAL: 'A bug in Reprise; the server’s log has the details.',
};

export const ErrorCodeType = builder.enumType('ErrorCode', {
  description: 'What went wrong, for programs.',
  values: Object.fromEntries(
    Object.entries(CODES).map(([code, description]) => [code, { value: code as ErrorCode, description }]),
  ),
});

export const ErrorInterface = builder.interfaceRef<DomainError>('Error').implement({
  description: 'An outcome that a caller can act on. Nothing was changed.',
  fields: (t) => ({
    message: t.exposeString('message', {
      description: 'What is wrong, where, and what is allowed, for people.',
    }),
    code: t.field({
      type: ErrorCodeType,
      description: 'The same for programs.',
      resolve: (error) => error.code,
    }),
  }),
});

builder.objectType(InvalidInputError, {
  name: 'InvalidInput',
  description: 'An argument is not of the form that it takes.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    field: t.exposeString('field', { nullable: true, description: 'The argument in question.' }),
  }),
});

builder.objectType(ForbiddenError, {
  name: 'Forbidden',
  description: 'You may not do this; nothing was changed.',
  interfaces: [ErrorInterface],
});
