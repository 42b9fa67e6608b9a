import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addFreeformAtoms, growTagList } from '../../src/media/mp4-atoms.js';
import { bareFfmpeg, createWorkspace, readTags } from '../kit/audio.js';

let workspace: Awaited<ReturnType<typeof createWorkspace>>;

beforeAll(async () => {
  workspace = await createWorkspace();
});

afterAll(() => workspace.remove());

async function makeM4a(name: string, ...options: string[]): Promise<string> {
  const path = workspace.file(name);
  const sound = ['-f', 'lavfi', '-i', 'sine=duration=2', '-c:a', 'aac', '-metadata', 'title=Before'];
  await bareFfmpeg(...sound, '-f', 'ipod', ...options, path);
  return path;
}

describe('freeform atoms', () => {
  it('extend the existing tags without moving audio', async () => {
    const path = await makeM4a('plain.m4a');
    const [before, sound] = [await readFile(path), workspace.file('sound.md5')];
    await bareFfmpeg('-i', path, '-f', 'md5', sound);

    expect(
      await addFreeformAtoms(path, [
        ['ISRC', 'QZDEM2000003'],
        ['LABEL', 'Ümlaut 🚂'],
      ]),
    ).toBe(true);

    const { common, format } = await readTags(path);
    expect(common).toMatchObject({ title: 'Before', isrc: ['QZDEM2000003'], label: ['Ümlaut 🚂'] });
    expect(format.duration).toBeCloseTo(2, 1);
    const after = await readFile(path);
    const audioEnd = before.indexOf('moov') - 4;
    expect(after.subarray(0, audioEnd).equals(before.subarray(0, audioEnd))).toBe(true);
    await bareFfmpeg('-i', path, '-f', 'md5', workspace.file('sound-after.md5'));
    expect(await readFile(workspace.file('sound-after.md5'), 'utf8')).toBe(await readFile(sound, 'utf8'));
  });

  it('can be added twice', async () => {
    const path = await makeM4a('twice.m4a');
    await addFreeformAtoms(path, [['ISRC', 'QZDEM2000003']]);
    await addFreeformAtoms(path, [['BARCODE', '0123456789012']]);
    const { common } = await readTags(path);
    expect(common).toMatchObject({ isrc: ['QZDEM2000003'], barcode: '0123456789012' });
  });

  it.each([
    ['with its index first', ['-movflags', '+faststart']],
    ['without a tag list', ['-f', 'mov']],
  ])('leave a file %s as it is', async (name, options) => {
    const path = await makeM4a(name, ...options);
    const before = await readFile(path);
    expect(await addFreeformAtoms(path, [['ISRC', 'x']])).toBe(false);
    expect((await readFile(path)).equals(before)).toBe(true);
  });

  it.each([
    ['text', Buffer.from('not a film')],
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(64)],
    ['a size past the end', Buffer.from('0000ffff6d6f6f76', 'hex')],
    ['a size of less than a header', Buffer.from('000000046d6f6f760000000000000000', 'hex')],
  ])('leave %s as it is', async (name, bytes) => {
    const path = workspace.file(name);
    await writeFile(path, bytes);
    expect(await addFreeformAtoms(path, [['ISRC', 'x']])).toBe(false);
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  it('are not added to boxes that overrun the one around them', () => {
    const moov = Buffer.from('000000186d6f6f7600000099756474610000000000000000', 'hex');
    expect(growTagList(moov, Buffer.from('x'))).toBeNull();
  });
});
