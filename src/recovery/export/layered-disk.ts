import { extentQuestionsMax } from '../../base/limits.ts';
import { runAll } from '../../disk/awaitable.ts';
import type { Awaitable, DiskExtent, ReadableDisk } from '../../disk/disk.ts';
import { ExtentList } from '../../disk/extent-list.ts';
import { assertInside } from '../../disk/range.ts';
import type { BlockMarks } from '../block-marks.ts';
import type { ByteSpan } from '../disk-pieces.ts';

/** A run of bytes that lies on one of the two disks. */
interface Run extends ByteSpan {
  readonly disk: ReadableDisk;
}

/** A disk with the changes of a kept overlay in front of it; neither is written any more. */
export class LayeredDisk implements ReadableDisk {
  /** Size, bytes. */
  readonly sizeBytes: number;
  readonly #base: ReadableDisk;
  readonly #layer: ReadableDisk;
  readonly #marks: BlockMarks;

  /**
   * @param base - shown where nothing was changed; stays its owner's to close
   * @param layer - shown where a block is marked; closed with this disk
   * @param marks - changed blocks
   */
  constructor(base: ReadableDisk, layer: ReadableDisk, marks: BlockMarks) {
    this.sizeBytes = base.sizeBytes;
    this.#base = base;
    this.#layer = layer;
    this.#marks = marks;
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    assertInside(this.sizeBytes, offsetBytes, target.length);
    const steps = this.#runs(offsetBytes, target.length).map((run) => () => {
      const start = run.offsetBytes - offsetBytes;
      return run.disk.read(target.subarray(start, start + run.lengthBytes), run.offsetBytes);
    });
    return steps.length === 1 ? steps[0]!() : runAll(steps);
  }

  /** @inheritdoc */
  async extents(offsetBytes: number, lengthBytes: number): Promise<readonly DiskExtent[]> {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    const list = new ExtentList();
    for (const run of this.#runs(offsetBytes, lengthBytes).slice(0, extentQuestionsMax)) {
      const before = list.coveredBytes;
      list.addAll(await run.disk.extents(run.offsetBytes, run.lengthBytes));
      if (list.coveredBytes - before < run.lengthBytes) break;
    }
    return list.extents;
  }

  /** @inheritdoc */
  prefetch(offsetBytes: number, lengthBytes: number): Awaitable<void> {
    return this.#base.prefetch?.(offsetBytes, lengthBytes);
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    await this.#layer.close();
  }

  #runs(offsetBytes: number, lengthBytes: number): readonly Run[] {
    const endBytes = offsetBytes + lengthBytes;
    const runs: Run[] = [];
    for (let at = offsetBytes; at < endBytes; ) {
      const { isMarked, endBytes: runEnd } = this.#marks.runAt(at, endBytes);
      const disk = isMarked ? this.#layer : this.#base;
      runs.push({ disk, offsetBytes: at, lengthBytes: runEnd - at });
      at = runEnd;
    }
    return runs;
  }
}
