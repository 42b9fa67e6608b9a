import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Track } from '../../src/catalog/catalog-item.js';
import { rankMatch, type Candidate } from '../../src/catalog/match-track.js';
import { formatPath } from '../../src/downloads/path-format.js';
import { findDirectory } from '../../src/downloads/target-file.js';
import { DEFAULT_SETTINGS } from '../../src/settings/settings.js';
import { createWorkspace } from '../kit/audio.js';

/* Names that people's music has, and what comes of them. A row that is here once stays right. */

let workspace: Awaited<ReturnType<typeof createWorkspace>>;
beforeAll(async () => void (workspace = await createWorkspace()));
afterAll(() => workspace.remove());

function trackOf({ albumTitle = 'Album', ...changes }: Partial<Track> & { albumTitle?: string }): Track {
  const artists = changes.artists ?? [{ id: 'demo:a', name: 'Artist' }];
  return {
    type: 'TRACK',
    id: 'demo:t',
    title: 'Song',
    artists,
    durationMs: 20_500,
    explicit: false,
    trackNumber: 5,
    discNumber: 1,
    isrc: null,
    genres: [],
    url: null,
    ...changes,
    album: {
      type: 'ALBUM',
      id: 'demo:l',
      title: albumTitle,
      artists,
      group: 'ALBUM',
      ...{ releaseDate: null, trackTotal: 9, discTotal: 1, upc: null, label: null, copyright: null },
      ...{ genres: [], images: [], url: null },
    },
  };
}

const by = (name: string) => ({ artists: [{ id: 'demo:x', name }] });

describe('no folder or file is hidden by its name', () => {
  it.each([
    ['...And Then Silence', 'And Then Silence'],
    ['.hidden', 'hidden'],
    ['. . .', 'Unknown'],
    ['\u2024Onedot', '\u2024Onedot'],
    ['.\u200b.x', 'x'],
    ['/.x', 'x'],
    ['-.x', '_.x'],
    ['…', '…'],
  ])('an album called %j is in %j', (albumTitle, folder) => {
    const parts = formatPath(DEFAULT_SETTINGS, {
      track: trackOf({ albumTitle, title: albumTitle }),
      playlist: null,
      quality: '',
    });
    expect(parts[1]).toBe(folder);
    for (const part of parts) expect(part).not.toMatch(/^\./);
  });
});

describe('one folder for each artist', () => {
  it.each([
    ['ABBA', 'Abba', 'ABBA'],
    ['Björk', 'BJÖRK', 'Björk'],
    ['Bjo\u0308rk', 'björk', 'Bjo\u0308rk'],
    ['Straße', 'STRASSE', 'Straße'],
    ['Ночь', 'НОЧЬ', 'Ночь'],
    ['Abbas', 'Abba', 'Abba'],
  ])('beside %j, %j is in %j', async (existing, name, expected) => {
    const root = workspace.file(`case-${existing}-${name}`);
    await mkdir(join(root, existing), { recursive: true });
    expect(await findDirectory(root, [name, 'Album'])).toBe(join(root, expected, 'Album'));
  });

  it('takes the very name where there is one, and no file for a folder', async () => {
    const root = workspace.file('exact');
    await mkdir(join(root, 'abba'), { recursive: true });
    await mkdir(join(root, 'ABBA'));
    await writeFile(join(root, 'QUEEN'), '');
    expect(await findDirectory(root, ['ABBA'])).toBe(join(root, 'ABBA'));
    expect(await findDirectory(root, ['abba'])).toBe(join(root, 'abba'));
    expect(await findDirectory(root, ['Abba'])).toBe(join(root, 'ABBA'));
    expect(await findDirectory(root, ['Queen'])).toBe(join(root, 'Queen'));
  });
});

describe('of several files with one code, title and length decide', () => {
  const wanted = trackOf({ ...by('DJ Barnacle'), title: 'Sonar Etiquette', isrc: 'XXDEM2414106' });
  const file = (changes: Partial<Candidate>): Candidate => ({
    title: 'Sonar Etiquette',
    artists: ['DJ Barnacle'],
    album: 'Album',
    durationMs: 20_500,
    isrc: 'XXDEM2414106',
    ...changes,
  });
  it.each<[string, Partial<Candidate>, Partial<Candidate>]>([
    ['title and length', {}, { title: 'Suite: III. Other', durationMs: 24_000 }],
    ['the title', { durationMs: 24_000 }, { title: 'Suite: III. Other' }],
    ['the length', {}, { durationMs: 24_500 }],
    ['the code', {}, { isrc: null }],
    ['the code, written with hyphens', { isrc: 'xx-dem-24-14106' }, { isrc: null }],
  ])('%s', (_what, better, worse) => {
    expect(rankMatch(wanted, file(better))).toBeGreaterThan(rankMatch(wanted, file(worse)));
  });
});
