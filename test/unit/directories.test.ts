import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeDirectories } from '../../src/lib/plain-file.js';

describe('makeDirectories', () => {
  const root = mkdtempSync(join(tmpdir(), 'directories-'));

  it('makes parents, also twice at once', async () => {
    const path = join(root, 'a/b/c');
    await Promise.all([makeDirectories(path), makeDirectories(path)]);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('rejects a file that has the name', async () => {
    writeFileSync(join(root, 'file'), '');
    await expect(makeDirectories(join(root, 'file'))).rejects.toThrow(/EEXIST/);
  });

  it.skipIf(process.platform !== 'linux')('rejects a directory that the disk refuses to make', async () => {
    await expect(makeDirectories('/proc/nothing')).rejects.toThrow(/ENOENT/);
  });
});
