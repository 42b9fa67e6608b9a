import { describe, expect, it } from 'vitest';
import { InvalidItemError } from '../../src/catalog/errors.js';
import { parseItemReference } from '../../src/catalog/item-reference.js';

const SPOTIFY = '6rqhFgbbKwnb9MLmUQDhG6';

describe('an item reference', () => {
  it.each([
    ['a bare id of the catalogue in use', 'night-ferry', 'demo:night-ferry', null],
    ['an id with dots and underscores', 'a.b_c-D9', 'demo:a.b_c-D9', null],
    ['an id with its catalogue', 'library:Zk3', 'library:Zk3', null],
    ['a node id', 'Album:demo:night-ferry', 'demo:night-ferry', 'ALBUM'],
    ['a node id in another case', 'track:demo:x', 'demo:x', 'TRACK'],
    ['a node id around a bare id', 'Playlist:first-watch', 'demo:first-watch', 'PLAYLIST'],
    ['a node id of what cannot be queued', 'Episode:demo:x', 'demo:x', 'EPISODE'],
    ['a number', '3135556', 'demo:3135556', null],
    ['spaces around it', '  demo:night-ferry \n', 'demo:night-ferry', null],
    ['a bare Spotify id', SPOTIFY, `spotify:${SPOTIFY}`, null],
    ['a Spotify URI', `spotify:track:${SPOTIFY}`, `spotify:${SPOTIFY}`, 'TRACK'],
    ['a Spotify id with its catalogue', `spotify:${SPOTIFY}`, `spotify:${SPOTIFY}`, null],
    ['a Spotify link', `https://open.spotify.com/album/${SPOTIFY}`, `spotify:${SPOTIFY}`, 'ALBUM'],
    [
      'a Spotify link as it is shared',
      `https://open.spotify.com/intl-pt/track/${SPOTIFY}?si=abc#t=1`,
      `spotify:${SPOTIFY}`,
      'TRACK',
    ],
    ['a Spotify link to a show', `https://open.spotify.com/show/${SPOTIFY}/`, `spotify:${SPOTIFY}`, 'SHOW'],
    [
      'a Spotify link of a player in a page',
      `https://open.spotify.com/embed/album/${SPOTIFY}?utm_source=generator&theme=0`,
      `spotify:${SPOTIFY}`,
      'ALBUM',
    ],
    [
      'a Spotify link with a language and a player',
      `https://open.spotify.com/intl-de/embed/track/${SPOTIFY}`,
      `spotify:${SPOTIFY}`,
      'TRACK',
    ],
    [
      'a Spotify link of a player of episodes',
      `https://open.spotify.com/embed-podcast/episode/${SPOTIFY}`,
      `spotify:${SPOTIFY}`,
      'EPISODE',
    ],
    [
      'a Spotify link of old to a playlist',
      `http://open.spotify.com/user/some%20one/playlist/${SPOTIFY}`,
      `spotify:${SPOTIFY}`,
      'PLAYLIST',
    ],
    [
      'a Spotify link without https',
      `open.spotify.com/artist/${SPOTIFY}?si=1`,
      `spotify:${SPOTIFY}`,
      'ARTIST',
    ],
    [
      'a Spotify link in capitals',
      `HTTPS://Open.Spotify.com/track/${SPOTIFY}`,
      `spotify:${SPOTIFY}`,
      'TRACK',
    ],
    ['a Spotify URI of an episode', `spotify:episode:${SPOTIFY}`, `spotify:${SPOTIFY}`, 'EPISODE'],
    [
      'a Spotify URI of old of a playlist',
      `spotify:user:some%20one:playlist:${SPOTIFY}`,
      `spotify:${SPOTIFY}`,
      'PLAYLIST',
    ],
    ['a Spotify URI as it is shared', `spotify:track:${SPOTIFY}?si=abc`, `spotify:${SPOTIFY}`, 'TRACK'],
    ['a URI of the demo', 'demo:album:night-ferry', 'demo:night-ferry', 'ALBUM'],
    ['a URI of any catalogue', 'deezer:playlist:908', 'deezer:908', 'PLAYLIST'],
    ['a Deezer link', 'https://www.deezer.com/track/3135556', 'deezer:3135556', 'TRACK'],
    ['a Deezer link with a language', 'https://deezer.com/en/playlist/908', 'deezer:908', 'PLAYLIST'],
    [
      'a Deezer link with a country',
      'https://www.deezer.com/pt-br/artist/27?utm_campaign=x&deferredFl=1',
      'deezer:27',
      'ARTIST',
    ],
    ['a Deezer link without https', 'www.deezer.com/album/302127', 'deezer:302127', 'ALBUM'],
    ['a Deezer link to a show', 'https://www.deezer.com/fr/show/5202', 'deezer:5202', 'SHOW'],
    ['a Deezer link to an app', 'deezer://www.deezer.com/track/3135556', 'deezer:3135556', 'TRACK'],
    ['a short Deezer link to an app', 'deezer://album/302127', 'deezer:302127', 'ALBUM'],
    [
      'a Deezer link of a player in a page',
      'https://widget.deezer.com/widget/dark/playlist/908',
      'deezer:908',
      'PLAYLIST',
    ],
  ])('may be %s', (_what, raw, id, type) => {
    expect(parseItemReference(raw, 'demo')).toEqual({ id, type });
  });

  it('may be a bare number for an item of Deezer while Deezer is the default catalog', () => {
    expect(parseItemReference('3135556', 'deezer')).toEqual({ id: 'deezer:3135556', type: null });
    expect(() => parseItemReference('night-ferry', 'deezer')).toThrow(InvalidItemError);
    expect(() => parseItemReference('3135556', 'spotify')).toThrow(InvalidItemError);
  });

  it.each([
    ['nothing', ''],
    ['only spaces', '   '],
    ['a space inside', 'night ferry'],
    ['a path', '../../etc/passwd'],
    ['a slash', 'demo:a/b'],
    ['too many parts', 'a:b:c:d'],
    ['a type and nothing else', 'Track:'],
    ['a catalogue and nothing else', 'demo:'],
    ['an id and no catalogue', ':night-ferry'],
    ['a catalogue in capitals', 'DEMO:night-ferry'],
    ['an id longer than any', 'x'.repeat(129)],
    ['a Spotify URI of no known type', `spotify:user:${SPOTIFY}`],
    ['a Spotify URI with a short id', 'spotify:track:abc'],
    ['a link elsewhere', 'https://example.com/track/1'],
    ['a link to a look-alike', `https://open.spotify.com.example/track/${SPOTIFY}`],
    ['a Spotify link to no item', 'https://open.spotify.com/'],
    ['a Spotify link with a bad id', 'https://open.spotify.com/track/123'],
    ['a link that cannot be read', 'https://'],
    ['letters of another script', 'demo:паром'],
    ['letters that look like others', 'demo:nіght-ferry'],
    ['digits of another script', 'deezer:٣١٣٥٥٥٦'],
    ['only dots', '..'],
    ['only dots of a catalogue', 'demo:..'],
    ['dots that are encoded', 'demo:%2e%2e'],
    ['a null byte', 'demo:night\0ferry'],
    ['a line break', 'demo:night\nferry'],
    ['a URI with a path', 'demo:album:../../etc'],
    ['a URI of no known type', 'demo:song:night-ferry'],
    ['a Spotify id that is too short', 'spotify:abc'],
    ['a Spotify user', `spotify:user:${SPOTIFY}:playlist:`],
    ['a Deezer id that is no number', 'deezer:abc'],
    ['a Deezer id that is too long', `deezer:${'1'.repeat(20)}`],
    ['a Deezer link to a user', 'https://www.deezer.com/profile/5'],
    ['a site of a name that every object has', 'https://constructor/track/1'],
    ['a link with a look-alike’s name before it', `https://open.spotify.com@example.com/track/${SPOTIFY}`],
    ['a scheme of another kind', `ftp://open.spotify.com/track/${SPOTIFY}`],
  ])('may not be %s', (_what, raw) => {
    expect(() => parseItemReference(raw, 'demo')).toThrow(InvalidItemError);
  });

  it.each([
    'https://spotify.link/abc',
    'https://link.deezer.com/s/30abc',
    'deezer.page.link/abc',
    'https://dzr.page.link/x',
    'https://spotify.app.link/x?y=1',
    'http://spoti.fi/x',
  ])('may not be a short link such as %s, which only `readItemReference` follows', (raw) => {
    expect(() => parseItemReference(raw, 'demo')).toThrow(
      /is a short link, .* Open it in a browser and use the address that it leads to\.$/,
    );
  });

  it('is repeated in the error, cut when it is long, with what is allowed', () => {
    expect(() => parseItemReference(`no good ${'x'.repeat(500)}`, 'demo')).toThrowErrorMatchingInlineSnapshot(
      `[InvalidItemError: "no good xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is not an item id; allowed: provider:id (demo:night-ferry), a node id (Album:demo:night-ferry), a URI (demo:album:night-ferry), a bare id of the default catalog, or a link.]`,
    );
    expect(() => parseItemReference('https://example.com/"\n', 'demo')).toThrowErrorMatchingInlineSnapshot(
      `[InvalidItemError: "https://example.com/\\"" is not a link to an item of Spotify, Deezer or MusicBrainz.]`,
    );
  });
});
