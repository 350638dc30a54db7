import { blockBytes } from '../../base/limits.ts';
import { spanWords } from '../../pipeline/cut.ts';
import type { BlockRun, DiskChange } from '../contract.ts';

/** Blocks of one disk that are cut, named and sealed together, where they lie. */
export interface Batch {
  /** Position of the disk in the commit. */
  readonly diskIndex: number;
  /** Memories that hold the runs. */
  readonly buffers: readonly SharedArrayBuffer[];
  /** For each run spanWords numbers (see CutJob). */
  readonly runs: Uint32Array;
  /** For each run: its first block on the disk. */
  readonly firstBlocks: Float64Array;
}

/** Blocks in a batch: 4 MiB keeps both threads busy and cuts long runs rarely. */
export const batchBlocksMax = 1024;

/**
 * Divides a disk's changed blocks into batches, so that small runs are compressed together. A long run is divided; runs
 * that are neighbours on the disk and in memory become one.
 * @param change - runs in block order; those without data are left out here, since zeroes are not stored
 * @param diskIndex - position of the disk in the commit
 */
export function* batchesOf(change: DiskChange, diskIndex: number): Generator<Batch> {
  let gathered = new Gathering(diskIndex);
  for (const run of change.runs) {
    for (let done = 0; run.data !== undefined && done < run.blockCount; ) {
      const blockCount = Math.min(batchBlocksMax, run.blockCount - done);
      if (!gathered.hasRoomFor(blockCount)) {
        yield gathered.batch();
        gathered = new Gathering(diskIndex);
      }
      gathered.add(run, run.data, { done, blockCount });
      done += blockCount;
    }
  }
  if (gathered.hasAny) yield gathered.batch();
}

class Gathering {
  readonly #diskIndex: number;
  readonly #buffers: SharedArrayBuffer[] = [];
  readonly #numbers = new Map<SharedArrayBuffer, number>();
  readonly #runs: number[] = [];
  readonly #firstBlocks: number[] = [];
  #blockCount = 0;
  /** Block on the disk, and byte in the last run's memory, with which that run would go on. */
  #nextBlock = -1;
  #nextBytes = -1;

  constructor(diskIndex: number) {
    this.#diskIndex = diskIndex;
  }

  get hasAny(): boolean {
    return this.#blockCount > 0;
  }

  hasRoomFor(blockCount: number): boolean {
    return this.#blockCount + blockCount <= batchBlocksMax;
  }

  add(
    run: BlockRun,
    { buffer, byteOffset }: Uint8Array<SharedArrayBuffer>,
    part: { readonly done: number; readonly blockCount: number },
  ): void {
    const { done, blockCount } = part;
    const firstBlock = run.firstBlock + done;
    const offsetBytes = byteOffset + done * blockBytes;
    const memory = this.#numberOf(buffer);
    const isSame = this.#runs.at(-spanWords) === memory;
    if (isSame && firstBlock === this.#nextBlock && offsetBytes === this.#nextBytes) {
      this.#runs.push((this.#runs.pop() ?? 0) + blockCount);
    } else {
      this.#runs.push(memory, offsetBytes, blockCount);
      this.#firstBlocks.push(firstBlock);
    }
    this.#nextBlock = firstBlock + blockCount;
    this.#nextBytes = offsetBytes + blockCount * blockBytes;
    this.#blockCount += blockCount;
  }

  batch(): Batch {
    const runs = Uint32Array.from(this.#runs);
    const firstBlocks = Float64Array.from(this.#firstBlocks);
    return { diskIndex: this.#diskIndex, buffers: this.#buffers, runs, firstBlocks };
  }

  #numberOf(buffer: SharedArrayBuffer): number {
    const known = this.#numbers.get(buffer);
    if (known !== undefined) return known;
    this.#buffers.push(buffer);
    this.#numbers.set(buffer, this.#buffers.length - 1);
    return this.#buffers.length - 1;
  }
}
