import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { AudioSource, Rendition } from '../../src/catalog/audio-source.js';
import type { Track } from '../../src/catalog/catalog-item.js';

/** Tracks that a source has, for the tests that follow. */
export interface AudioSampleSet {
  source: AudioSource;
  /** Named otherwise than the source names it, with the same ISRC; null for a source that knows none. */
  byIsrc: Track | null;
  /** Of another catalog, without an ISRC; null for a source that has only the tracks of its own catalog. */
  byTitle: Track | null;
  /** By an id of its own catalog; null for a source without one. */
  own: Track | null;
  missing: Track;
  /** What the license says. */
  licence: RegExp;
}

const signal = () => new AbortController().signal;
const left = () => AbortSignal.abort(new Error('left'));

/** What every source promises (audio-source.ts). */
export function describeAudioSource(name: string, open: () => AudioSampleSet): void {
  const samples = () => {
    const set = open();
    const { source, byIsrc, byTitle, own } = set;
    const known = [own, byTitle, byIsrc].filter((each) => each !== null);
    const [track] = known;
    if (!track) throw new Error(`no sample of ${name}`);
    return { ...set, source, known, track };
  };
  const find = async (source: AudioSource, track: Track): Promise<Rendition> => {
    const found = await source.find(track, signal());
    if (!found) throw new Error(`${source.name} does not find "${track.title}" (${track.id})`);
    return found;
  };
  const read = async (source: AudioSource, rendition: Rendition, offsetBytes = 0) =>
    buffer(await source.open(rendition, { offsetBytes, signal: signal() }));

  describe(`the source contract: ${name}`, () => {
    it('finds a track by its ISRC, by title, artist and length, and by its own id', async () => {
      const { source, known } = samples();
      for (const track of known) expect((await find(source, track)).source).toBe(source.name);
    });

    it('says of each rendition what is needed to fetch it, and on what license', async () => {
      const { source, known, licence } = samples();
      for (const track of known) {
        const found = await find(source, track);
        expect(found.ref).not.toBe('');
        expect(found.licence).toMatch(licence);
        expect(Math.abs((found.durationMs ?? 0) - (track.durationMs ?? 0))).toBeLessThanOrEqual(3_000);
        if (found.sizeBytes !== null) expect(found.sizeBytes).toBeGreaterThan(0);
        expect(await find(source, track)).toEqual(found);
      }
    });

    it('refuses a recording that is only similar', async () => {
      const { source, byTitle } = samples();
      if (!byTitle) return;
      const similar: Partial<Track>[] = [
        { durationMs: (byTitle.durationMs ?? 0) + 20_000 },
        { durationMs: null },
        { artists: [{ id: 'other:1', name: 'Somebody Else Entirely' }] },
        { artists: [] },
        { title: `${byTitle.title} (Live)` },
        { title: `${byTitle.title} (Karaoke Version)` },
        { title: `Not ${byTitle.title}` },
      ];
      for (const change of similar)
        expect(await source.find({ ...byTitle, ...change }, signal()), JSON.stringify(change)).toBeNull();
    });

    it('does not take an equal ISRC for the same recording when the lengths differ', async () => {
      const { source, byIsrc } = samples();
      if (!byIsrc) return;
      const longer = { ...byIsrc, durationMs: (byIsrc.durationMs ?? 0) + 60_000 };
      expect(await source.find(longer, signal())).toBeNull();
    });

    it('finds nothing for what it lacks', async () => {
      const { source, missing } = samples();
      expect(await source.find(missing, signal())).toBeNull();
      expect((await source.listCandidates?.(missing, signal())) ?? []).toEqual([]);
    });

    it('lists candidates with a score and a reason, what it finds first', async () => {
      const { source, byTitle } = samples();
      if (!byTitle || !source.listCandidates) return;
      const found = await find(source, byTitle);
      const [first, ...others] = await source.listCandidates(byTitle, signal());
      expect(first).toMatchObject({ rendition: found, isSame: true });
      expect(first?.reason).not.toBe('');
      for (const each of others) expect(each.score).toBeLessThanOrEqual(first?.score ?? 0);
      const unlike = await source.listCandidates({ ...byTitle, durationMs: 1_000 }, signal());
      expect(unlike.length).toBeGreaterThan(0);
      for (const each of unlike) expect(each).toMatchObject({ isSame: false });
      expect(unlike[0]?.reason).toMatch(/length/);
    });

    it('opens bytes of the size and the checksum that it stated', async () => {
      const { source, track } = samples();
      const found = await find(source, track);
      const bytes = await read(source, found);
      expect(bytes.length).toBe(found.sizeBytes ?? bytes.length);
      expect(bytes.length).toBeGreaterThan(1_000);
      if (!found.checksum) return;
      const { algorithm, hex } = found.checksum;
      expect(createHash(algorithm).update(bytes).digest('hex')).toBe(hex.toLowerCase());
    });

    it('resumes where it says that it can', async () => {
      const { source, track } = samples();
      const found = await find(source, track);
      if (!found.resumable) return;
      const whole = await read(source, found);
      const half = Math.floor(whole.length / 2);
      expect((await read(source, found, half)).equals(whole.subarray(half))).toBe(true);
      expect((await read(source, found, whole.length - 1)).equals(whole.subarray(-1))).toBe(true);
    });

    it('stops with the signal of its caller', async () => {
      const { source, track } = samples();
      await expect(source.find(track, left())).rejects.toThrow('left');
      const found = await find(source, track);
      await expect(source.open(found, { offsetBytes: 0, signal: left() })).rejects.toThrow('left');
      const controller = new AbortController();
      const audio = await source.open(found, { offsetBytes: 0, signal: controller.signal });
      const ended = once(audio, 'close').catch((thrown: unknown) => thrown);
      controller.abort(new Error('left'));
      await ended;
      expect(audio.destroyed).toBe(true);
      expect(audio.readableEnded).toBe(false);
    });
  });
}
