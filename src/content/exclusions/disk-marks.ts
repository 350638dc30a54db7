import { blockBytes } from '../../base/limits.ts';
import { BlockBitmap } from '../../disk/block-bitmap.ts';
import type { ByteRange } from '../../filesystem/file-system.ts';
import type { VolumeSpan } from '../../filesystem/volume.ts';
import { volumePlaces } from '../../filesystem/volume-places.ts';

/** Blocks of a disk that are marked by ranges of a volume on it. */
export class DiskMarks {
  readonly blocks: BlockBitmap = new BlockBitmap();
  readonly #spans: readonly VolumeSpan[];

  /** @param spans - of the volume, all on the one disk */
  constructor(spans: readonly VolumeSpan[]) {
    this.#spans = spans;
  }

  /**
   * Marks the blocks that lie in a range with all their bytes.
   * @param range - of the volume
   */
  addWhole({ offsetBytes, lengthBytes }: ByteRange): void {
    for (const place of volumePlaces(this.#spans, offsetBytes, lengthBytes)) {
      const start = Math.ceil(place.offsetBytes / blockBytes);
      const end = Math.floor((place.offsetBytes + place.lengthBytes) / blockBytes);
      if (end > start) this.blocks.add(start, end);
    }
  }

  /**
   * Marks the blocks of which a range has any byte.
   * @param range - of the volume
   */
  addTouched({ offsetBytes, lengthBytes }: ByteRange): void {
    for (const place of volumePlaces(this.#spans, offsetBytes, lengthBytes)) {
      const start = Math.floor(place.offsetBytes / blockBytes);
      const end = Math.ceil((place.offsetBytes + place.lengthBytes) / blockBytes);
      this.blocks.add(start, end);
    }
  }
}

/**
 * Adds the blocks of one set to another, except those of a third.
 * @param target - grows
 * @param added - what is added
 * @param options - `except`: what is not; `blockCount`: blocks of the disk
 * @returns how many blocks were new in the target
 */
export function addBlocks(
  target: BlockBitmap,
  added: BlockBitmap,
  { except, blockCount }: { readonly except: BlockBitmap; readonly blockCount: number },
): number {
  let count = 0;
  for (const { start, end, isSet } of runsOf(added, 0, blockCount)) {
    if (!isSet) continue;
    for (const free of runsOf(except, start, end)) {
      if (free.isSet) continue;
      for (const fresh of runsOf(target, free.start, free.end)) {
        if (fresh.isSet) continue;
        target.add(fresh.start, fresh.end);
        count += fresh.end - fresh.start;
      }
    }
  }
  return count;
}

/** Neighbouring blocks that are all in a set, or all not. */
export interface BlockSpan {
  /** First block. */
  readonly start: number;
  /** Block behind the last. */
  readonly end: number;
  readonly isSet: boolean;
}

/**
 * Divides a range of blocks into runs that are in a set or not.
 * @param blocks - the set; a run that was given out may be changed
 * @param start - first block
 * @param end - block behind the last
 */
export function* runsOf(blocks: BlockBitmap, start: number, end: number): Generator<BlockSpan> {
  for (let at = start; at < end; ) {
    const isSet = blocks.has(at);
    const runEnd = blocks.runEnd(at, end);
    yield { start: at, end: runEnd, isSet };
    at = runEnd;
  }
}
