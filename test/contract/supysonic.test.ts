import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Track } from '../../src/catalog/catalog-item.js';
import type { OpenedSubsonic } from '../../src/upstream/subsonic/open-subsonic.js';
import { makeTrack } from '../kit/catalog-items.js';
import { createSubsonicOpener, type SubsonicOpener } from '../kit/open-subsonic.js';
import { REAL_ARTIST, startSupysonic, supysonic, type RealServer } from '../kit/supysonic.js';
import { describeAudioSource } from './audio-source.js';
import { describeCatalogSource } from './catalog-source.js';

const signal = () => new AbortController().signal;

/** The same as of the stand-ins, on a server that nobody here wrote. */
describe.skipIf(supysonic === undefined)('a real Subsonic server', () => {
  let opener: SubsonicOpener;
  let real: RealServer;
  let opened: OpenedSubsonic;
  let own: Track | null;
  const ids = { track: '', album: '', artist: '' };

  beforeAll(async () => {
    [opener, real] = await Promise.all([createSubsonicOpener(), startSupysonic()]);
    opened = opener.open(real.server);
    const find = async (type: 'TRACK' | 'ALBUM' | 'ARTIST', text: string) =>
      (await opened.catalog.search({ type, text, offset: 0, limit: 1 }, signal())).items[0]?.id ?? '';
    ids.track = await find('TRACK', 'Slow Weather, 1');
    ids.album = await find('ALBUM', 'Slow Weather');
    ids.artist = await find('ARTIST', 'Kelp');
    own = await opened.catalog.findTrack(ids.track, signal());
  }, 60_000);
  afterAll(async () => {
    await real?.stop();
    await opener?.close();
  });

  describeCatalogSource('Supysonic', () => ({
    catalog: opened.catalog,
    words: { TRACK: 'weather', ALBUM: 'slow', ARTIST: 'kelp' },
    ...ids,
    playlist: null,
    show: null,
    episode: null,
    missing: 'subsonic:00000000-0000-4000-8000-000000000000',
  }));

  describeAudioSource('Supysonic', () => ({
    source: opened.source,
    // It reads no ISRCs.
    byIsrc: null,
    byTitle: makeTrack('elsewhere:1', {
      title: 'Slow Weather, 1 - 2011 Remaster',
      artists: [{ id: 'elsewhere:2', name: REAL_ARTIST }],
      durationMs: 5_000,
    }),
    own,
    missing: makeTrack('elsewhere:3', { title: 'Nothing of the Kind' }),
    licence: /^From your own server$/,
  }));

  it('says what is wrong with an id of another form, and with the password', async () => {
    await expect(opened.catalog.findTrack('subsonic:nothing', signal())).rejects.toThrow(
      /^subsonic \(127\.0\.0\.1:\d+\) refused a request: "ValueError: .*" \(code 0\)\.$/,
    );
    const login = { kind: 'password' as const, username: 'tester', password: 'wrong' };
    const { catalog } = opener.open({ ...real.server, login });
    await expect(catalog.findAlbum(ids.album, signal())).rejects.toThrow(
      /does not accept the user and password of SUBSONIC_USERNAME and SUBSONIC_PASSWORD \(code 40\)\.$/,
    );
  });

  it('has the cover of an album', async () => {
    if (!own) throw new Error('no track');
    expect((await opened.catalog.fetchCover(own, signal()))?.[0]).toBe(0xff);
  });
});
