import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';

const IN_MEMORY = '/dev/shm';
/** Several times what a run has on the disk at once. */
const ROOM_BYTES = 4e9;

/**
 * A directory for all that a run writes: in memory where that has room, since databases flush what they write and
 * nobody keeps it. TMPDIR names another place.
 */
export function makeTemporaryDirectory(): string {
  if (process.env['TMPDIR'] || !hasRoom()) return makeIn(tmpdir());
  const directory = makeIn(IN_MEMORY);
  return canExecuteIn(directory) ? directory : makeIn(tmpdir());
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return Math.min(bavail * bsize, freemem()) > ROOM_BYTES;
  } catch {
    return false;
  }
}

/** Open to all, because the database and some programs run as another user. */
function makeIn(parent: string): string {
  const directory = mkdtempSync(join(parent, 'reprise-run-'));
  chmodSync(directory, 0o777);
  return directory;
}

/** Containers often mount it with noexec, and the tests write programs. */
function canExecuteIn(directory: string): boolean {
  const program = join(directory, 'probe');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  try {
    execFileSync(program);
    return true;
  } catch {
    return false;
  }
}
