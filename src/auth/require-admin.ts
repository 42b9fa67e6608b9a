import { ForbiddenError } from './errors.js';
import type { Viewer } from './viewer.js';

/** Throws ForbiddenError for all but admins. */
export function requireAdmin(viewer: Viewer): void {
  if (viewer.role !== 'ADMIN') throw new ForbiddenError('Only an admin may do this.');
}
