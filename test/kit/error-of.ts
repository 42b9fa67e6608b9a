import type { UpstreamFailedError, UpstreamLimitedError } from '../../src/lib/errors.js';

/** With what a request to a service ends; null when it succeeds. */
export const errorOf = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (thrown: unknown) => thrown as UpstreamFailedError | UpstreamLimitedError,
  );
