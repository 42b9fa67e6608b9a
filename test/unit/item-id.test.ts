import { describe, expect, it } from 'vitest';
import { InvalidItemError } from '../../src/catalog/errors.js';
import { parseItemReference } from '../../src/catalog/item-id.js';

const SPOTIFY = '6rqhFgbbKwnb9MLmUQDhG6';

describe('what a person may write for an item', () => {
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
    ['a Deezer link', 'https://www.deezer.com/track/3135556', 'deezer:3135556', 'TRACK'],
    ['a Deezer link with a language', 'https://deezer.com/en/playlist/908', 'deezer:908', 'PLAYLIST'],
  ])('may be %s', (_what, raw, id, type) => {
    expect(parseItemReference(raw, 'demo')).toEqual({ id, type });
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
  ])('may not be %s', (_what, raw) => {
    expect(() => parseItemReference(raw, 'demo')).toThrow(InvalidItemError);
  });

  it('is repeated in the error, cut when it is long, with what is allowed', () => {
    expect(() => parseItemReference(`no good ${'x'.repeat(500)}`, 'demo')).toThrowErrorMatchingInlineSnapshot(
      `[InvalidItemError: "no good xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is not an item's id; allowed: provider:id (demo:night-ferry), a node id (Album:demo:night-ferry), a bare id of the catalogue in use, or a link.]`,
    );
    expect(() => parseItemReference('https://example.com/"\n', 'demo')).toThrowErrorMatchingInlineSnapshot(
      `[InvalidItemError: "https://example.com/\\"" is not a link to an item of Spotify or Deezer.]`,
    );
  });
});
