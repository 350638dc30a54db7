import { runAll } from '../../disk/awaitable.ts';
import type { Awaitable, DiskExtent, ReadableDisk } from '../../disk/disk.ts';
import { assertInside } from '../../disk/range.ts';
import type { VolumeSpan } from '../volume.ts';
import { volumePlaces } from '../volume-places.ts';

/** Extents told in one answer at most: a span of small stripes could ask for thousands. */
const placesPerAnswerMax = 256;

/** The disks of a machine by name. */
export type DisksByName = ReadonlyMap<string, ReadableDisk>;

/** A volume that lies in pieces on one or several disks, as one disk. */
export class JoinedDisk implements ReadableDisk {
  /** Size, bytes. */
  readonly sizeBytes: number;
  readonly #disks: DisksByName;
  readonly #spans: readonly VolumeSpan[];

  /**
   * @param disks - every disk the spans speak of; they stay their owner's to close
   * @param spans - in order, without gaps, each place inside its disk
   */
  constructor(disks: DisksByName, spans: readonly VolumeSpan[]) {
    const last = spans.at(-1);
    this.sizeBytes = last === undefined ? 0 : last.startBytes + last.lengthBytes;
    this.#disks = disks;
    this.#spans = spans;
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    assertInside(this.sizeBytes, offsetBytes, target.length);
    const steps: (() => Awaitable<void>)[] = [];
    let done = 0;
    for (const place of volumePlaces(this.#spans, offsetBytes, target.length)) {
      const part = target.subarray(done, done + place.lengthBytes);
      steps.push(() => this.#disk(place.disk).read(part, place.offsetBytes));
      done += place.lengthBytes;
    }
    return runAll(steps);
  }

  /** @inheritdoc */
  async extents(offsetBytes: number, lengthBytes: number): Promise<readonly DiskExtent[]> {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    const found: { lengthBytes: number; isHole: boolean }[] = [];
    let placeCount = 0;
    for (const place of volumePlaces(this.#spans, offsetBytes, lengthBytes)) {
      const below = this.#disk(place.disk);
      let covered = 0;
      for (const extent of await below.extents(place.offsetBytes, place.lengthBytes)) {
        covered += extent.lengthBytes;
        const last = found.at(-1);
        if (last?.isHole === extent.isHole) last.lengthBytes += extent.lengthBytes;
        else found.push({ lengthBytes: extent.lengthBytes, isHole: extent.isHole });
      }
      placeCount += 1;
      if (covered < place.lengthBytes || placeCount >= placesPerAnswerMax) break;
    }
    return found;
  }

  /** @inheritdoc */
  prefetch(offsetBytes: number, lengthBytes: number): Awaitable<void> {
    const steps: (() => Awaitable<void>)[] = [];
    for (const place of volumePlaces(this.#spans, offsetBytes, lengthBytes)) {
      if (steps.length >= placesPerAnswerMax) break;
      steps.push(() => this.#disk(place.disk).prefetch?.(place.offsetBytes, place.lengthBytes));
    }
    return runAll(steps);
  }

  /** @inheritdoc */
  firstExcluded(offsetBytes: number, lengthBytes: number): number | undefined {
    let done = 0;
    for (const place of volumePlaces(this.#spans, offsetBytes, lengthBytes)) {
      const found = this.#disk(place.disk).firstExcluded?.(place.offsetBytes, place.lengthBytes);
      if (found !== undefined) return offsetBytes + done + found - place.offsetBytes;
      done += place.lengthBytes;
    }
    return undefined;
  }

  /** Does nothing: the disks below are their owner's. */
  async close(): Promise<void> {}

  #disk(name: string): ReadableDisk {
    return this.#disks.get(name)!;
  }
}
