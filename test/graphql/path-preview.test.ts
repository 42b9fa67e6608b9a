import { readdir } from 'node:fs/promises';
import { relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATH_PLACEHOLDERS } from '../../src/settings/path-placeholders.js';
import { graphql } from '../../src/generated/documents/gql.js';
import type { PreviewPathQueryVariables } from '../../src/generated/documents/graphql.js';
import { startApp, type TestApp } from '../kit/start-app.js';
import { ended, queue } from '../kit/story.js';

const PREVIEW = graphql(`
  query PreviewPath($format: String, $trackFormat: String, $item: String, $options: DownloadOptionsInput) {
    previewPath(format: $format, trackFormat: $trackFormat, item: $item, options: $options) {
      __typename
      ... on PathPreview {
        path
        directories
        fileName
      }
      ... on Error {
        code
        message
      }
      ... on InvalidOptions {
        field
      }
    }
  }
`);

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app?.stop());

const preview = async (variables: PreviewPathQueryVariables, on = app) =>
  (await on.execute(PREVIEW, variables)).previewPath;
const pathOf = async (variables: PreviewPathQueryVariables) => {
  const shown = await preview(variables);
  return shown.__typename === 'PathPreview' ? shown.path : expect.fail(JSON.stringify(shown));
};

describe('previewPath', () => {
  it('shows the path of a sample with the current settings', async () => {
    expect(await preview({})).toEqual({
      __typename: 'PathPreview',
      path: 'Saltglass Choir/Night Ferry/1-005. All the Lifeboats Are Orange.flac',
      directories: ['Saltglass Choir', 'Night Ferry'],
      fileName: '1-005. All the Lifeboats Are Orange.flac',
    });
  });

  it.each([
    ['%music%', 'All the Lifeboats Are Orange'],
    ['%artist%', 'Saltglass Choir; Otter & Semaphore'],
    ['%artist_1%', 'Saltglass Choir'],
    ['%artist_2%', 'Otter & Semaphore'],
    ['%album%', 'Night Ferry'],
    ['%ar_album%', 'Saltglass Choir'],
    ['%ar_album_1%', 'Saltglass Choir'],
    ['%tracknum%', '005'],
    ['%discnum%', '001'],
    ['%year%', '2024'],
    ['%date%', '2024-10-18'],
    ['%genre%', 'Choral'],
    ['%isrc%', 'XXDEM2401105'],
    ['%explicit%', 'Explicit'],
    ['%duration%', '214'],
    ['%playlist%', 'First Watch'],
    ['%playlistnum%', '007'],
    ['%quality%', 'FLAC'],
  ])('supports %s, in folders and in names', async (placeholder, value) => {
    expect(await pathOf({ format: placeholder, trackFormat: `x ${placeholder}` })).toBe(
      `${value}/x ${value}.flac`,
    );
  });

  it('supports everything that settings accept', async () => {
    for (const name of PATH_PLACEHOLDERS) {
      expect(await pathOf({ format: '', trackFormat: `%${name}%` })).not.toContain('%');
    }
  });

  it('supports every option that a path depends on', async () => {
    const options = {
      format: 'MP3' as const,
      bitrateKbps: 192,
      artistSeparator: ' + ',
      setToNull: ['PAD_NUMBER_WIDTH' as const],
      customTrackFormat: '%playlistnum% %tracknum% %artist% [%quality%]',
    };
    expect(await pathOf({ format: '', options })).toBe(
      '007 05 Saltglass Choir + Otter & Semaphore [MP3 192].mp3',
    );
    const unpadded = { ...options, padNumbers: false };
    expect(await pathOf({ format: '', options: unpadded })).toMatch(/^7 5 /);
  });

  it('shows where a download of a given track, album or playlist goes', async () => {
    const options = { format: 'OGG' as const, saveCover: false };
    const item = 'demo:umbrella-weather-1-02';
    const shown = await pathOf({ item, options });
    const { file } = await ended(app, await queue(app, { item, options }));
    expect(relative(app.env.downloadDir, file?.path ?? '')).toBe(shown);
    expect(await pathOf({ item: 'demo:night-ferry', format: '%album%', trackFormat: '%tracknum%' })).toBe(
      'Night Ferry/001.flac',
    );
    expect(
      await pathOf({ item: 'demo:first-watch', format: '%playlist%', trackFormat: '%playlistnum% %music%' }),
    ).toBe('First Watch/001 Casting Off.flac');
    expect(await pathOf({ item, format: '', trackFormat: 'x%playlist%' })).toBe('x.flac');
  });

  it.each<[PreviewPathQueryVariables, string, string]>([
    [
      { format: '%nonsense%' },
      'customDirFormat',
      'contains %nonsense%, which is not a placeholder; allowed are %music%',
    ],
    [{ trackFormat: '%artist_0%' }, 'customTrackFormat', 'contains %artist_0%, which is not a placeholder'],
    [{ trackFormat: '%Music%' }, 'customTrackFormat', 'contains %Music%, which is not a placeholder'],
    [{ format: '../%album%' }, 'customDirFormat', 'must be below the download directory'],
    [{ format: '/etc' }, 'customDirFormat', 'below the download directory'],
    [{ trackFormat: ' ' }, 'customTrackFormat', 'must not be empty'],
    [{ options: { padNumberWidth: 0 } }, 'padNumberWidth', 'between 1 and 10'],
    [{ options: { format: 'FLAC', bitrateKbps: 320 } }, 'bitrateKbps', 'takes no bitrate'],
  ])('rejects %j and says why', async (variables, field, problem) => {
    expect(await preview(variables)).toEqual({
      __typename: 'InvalidOptions',
      code: 'INVALID_OPTIONS',
      field,
      message: expect.stringContaining(problem) as string,
    });
  });

  it('rejects an item that does not exist or has no track', async () => {
    expect(await preview({ item: 'demo:nothing' })).toMatchObject({ __typename: 'CatalogItemNotFound' });
    expect(await preview({ item: 'demo:saltglass-choir' })).toMatchObject({ __typename: 'InvalidItem' });
    expect(await preview({ item: 'a b' })).toMatchObject({ __typename: 'InvalidItem' });
  });

  it('begins with the user’s folder where each has one, and touches no disk', async () => {
    const own = await startApp({
      env: { role: 'api' },
      overrides: { settings: { separateTracksByUser: true } },
    });
    expect(await preview({ format: '%album%' }, own)).toMatchObject({
      directories: ['system', 'Night Ferry'],
    });
    expect(await readdir(own.env.downloadDir)).toEqual([]);
    await own.stop();
  });
});
