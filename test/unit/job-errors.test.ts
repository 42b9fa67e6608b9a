import { expect, test } from 'vitest';
import { NoSourceError } from '../../src/downloads/errors.js';
import { JobStoreUnavailableError, retryDelayMs, toFailure } from '../../src/jobs/errors.js';
import { DomainError, InvalidInputError } from '../../src/lib/errors.js';

class LimitedError extends DomainError {
  readonly code = 'UPSTREAM_LIMITED';
  override readonly retryable = true;
  override readonly retryAfterMs = 7_000;
}

const systemError = (code: string) => Object.assign(new Error(`${code}: secret detail`), { code });
const settings = { retryDelaySeconds: 5, retryDelayIncrease: 10 };
const middle = () => 0.5;

test('a domain error decides whether the work is retried', () => {
  expect(toFailure(new NoSourceError('No source has it.'))).toEqual({
    code: 'NO_SOURCE',
    message: 'No source has it.',
    retryable: false,
    retryAfterMs: null,
  });
  expect(toFailure(new LimitedError('Later.'))).toMatchObject({
    code: 'UPSTREAM_LIMITED',
    retryable: true,
    retryAfterMs: 7_000,
  });
});

test('a code that only requests have is INTERNAL for a task, with the message as it was', () => {
  expect(toFailure(new InvalidInputError('"since" is not a sequence.'))).toMatchObject({
    code: 'INTERNAL',
    message: '"since" is not a sequence.',
  });
});

test.each([
  ['ENOSPC', 'DISK_FULL', false],
  ['EDQUOT', 'DISK_FULL', false],
  ['EROFS', 'TARGET_NOT_WRITABLE', false],
  ['EACCES', 'TARGET_NOT_WRITABLE', false],
  ['EPERM', 'TARGET_NOT_WRITABLE', false],
  ['ENOTDIR', 'TARGET_NOT_WRITABLE', false],
  ['ELOOP', 'TARGET_NOT_WRITABLE', false],
  ['EIO', 'TARGET_NOT_WRITABLE', false],
  ['ESTALE', 'TARGET_NOT_WRITABLE', false],
  ['Unknown system error -116', 'TARGET_NOT_WRITABLE', false],
  ['Unknown system error -117', 'TARGET_NOT_WRITABLE', false],
  ['Unknown system error -122', 'DISK_FULL', false],
  ['EXDEV', 'TARGET_NOT_WRITABLE', false],
  ['ENODEV', 'TARGET_NOT_WRITABLE', false],
  ['EMFILE', 'TARGET_NOT_WRITABLE', true],
  ['ENAMETOOLONG', 'INVALID_FILE_NAME', false],
  ['EILSEQ', 'INVALID_FILE_NAME', false],
  ['ECONNREFUSED', 'SOURCE_FAILED', true],
  ['ECONNRESET', 'SOURCE_FAILED', true],
  ['ETIMEDOUT', 'SOURCE_FAILED', true],
  ['EAI_AGAIN', 'SOURCE_FAILED', true],
])('%s is %s', (system, code, retryable) => {
  const failure = toFailure(systemError(system));
  expect(failure).toMatchObject({ code, retryable, retryAfterMs: null });
  expect(failure.message).not.toContain('secret');
});

test('a system error is found behind the error that wraps it', () => {
  const wrapped = new TypeError('fetch failed', { cause: systemError('ECONNREFUSED') });
  expect(toFailure(wrapped)).toMatchObject({ code: 'SOURCE_FAILED' });
});

test.each([new Error('secret'), systemError('ESECRET'), 'secret', undefined, { code: 'ENOSPC' }])(
  'anything else is masked: %o',
  (thrown) => {
    expect(toFailure(thrown)).toEqual({
      code: 'INTERNAL',
      message: 'Something went wrong inside Reprise; the log has the details.',
      retryable: true,
      retryAfterMs: null,
    });
  },
);

test('a job store error is not mistaken for an audio source error', () => {
  const unavailable = new JobStoreUnavailableError(systemError('ECONNREFUSED'));
  expect(toFailure(unavailable)).toMatchObject({ code: 'INTERNAL', retryable: true });
});

test('each further failure waits longer by the increase', () => {
  const delays = [1, 2, 3].map((failures) =>
    retryDelayMs({ failures, settings, retryAfterMs: null, random: middle }),
  );
  expect(delays).toEqual([5_000, 15_000, 25_000]);
});

test('the jitter is at most a fifth in each direction', () => {
  const delayWith = (random: () => number) =>
    retryDelayMs({ failures: 1, settings, retryAfterMs: null, random });
  expect(delayWith(() => 0)).toBe(4_000);
  expect(delayWith(() => 1)).toBe(6_000);
});

test('a wait is never shorter than the failure requires', () => {
  const delayAfter = (retryAfterMs: number) =>
    retryDelayMs({ failures: 1, settings, retryAfterMs, random: () => 0 });
  expect(delayAfter(30_000)).toBe(30_000);
  expect(delayAfter(1_000)).toBe(4_000);
});
