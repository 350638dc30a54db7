import { blockBytes } from '../../base/limits.ts';
import type { BlockRun, DiskChange } from '../contract.ts';

/** Blocks of one disk that are cut, named and sealed together. */
export interface Batch {
  /** Position of the disk in the commit. */
  readonly diskIndex: number;
  /** Memory that holds all runs. */
  readonly buffer: SharedArrayBuffer;
  /** For each run: offset in the buffer in bytes, and length in blocks. */
  readonly runs: Uint32Array;
  /** For each run: its first block on the disk. */
  readonly firstBlocks: readonly number[];
}

/** Blocks in a batch: 4 MiB keeps both threads busy and cuts long runs rarely. */
export const batchBlocksMax = 1024;

/**
 * Divides a disk's changed blocks into batches. A run that fills a batch is used where it lies; shorter ones are
 * gathered, so that neighbours on the disk are cut as one run and small runs are compressed together.
 * @param change - runs in block order; those without data are left out here, since zeroes are not stored
 * @param diskIndex - position of the disk in the commit
 */
export function* batchesOf(change: DiskChange, diskIndex: number): Generator<Batch> {
  let gathered: Gathering = new Gathering(diskIndex);
  for (const run of change.runs) {
    if (run.data === undefined) continue;
    for (const piece of pieces(run, run.data)) {
      if (piece.blockCount === batchBlocksMax) {
        if (!gathered.isEmpty) yield gathered.batch();
        gathered = new Gathering(diskIndex);
        yield inPlace(piece, diskIndex);
        continue;
      }
      if (gathered.blockCount + piece.blockCount > batchBlocksMax) {
        yield gathered.batch();
        gathered = new Gathering(diskIndex);
      }
      gathered.add(piece);
    }
  }
  if (!gathered.isEmpty) yield gathered.batch();
}

interface Piece {
  readonly firstBlock: number;
  readonly blockCount: number;
  readonly data: Uint8Array<SharedArrayBuffer>;
}

function* pieces(run: BlockRun, data: Uint8Array<SharedArrayBuffer>): Generator<Piece> {
  for (let block = 0; block < run.blockCount; block += batchBlocksMax) {
    const blockCount = Math.min(batchBlocksMax, run.blockCount - block);
    const part = data.subarray(block * blockBytes, (block + blockCount) * blockBytes);
    yield { firstBlock: run.firstBlock + block, blockCount, data: part };
  }
}

function inPlace(piece: Piece, diskIndex: number): Batch {
  const runs = Uint32Array.of(piece.data.byteOffset, piece.blockCount);
  return { diskIndex, buffer: piece.data.buffer, runs, firstBlocks: [piece.firstBlock] };
}

class Gathering {
  blockCount = 0;
  readonly #diskIndex: number;
  readonly #pieces: Piece[] = [];

  constructor(diskIndex: number) {
    this.#diskIndex = diskIndex;
  }

  get isEmpty(): boolean {
    return this.blockCount === 0;
  }

  add(piece: Piece): void {
    this.#pieces.push(piece);
    this.blockCount += piece.blockCount;
  }

  batch(): Batch {
    const buffer = new SharedArrayBuffer(this.blockCount * blockBytes);
    const target = new Uint8Array(buffer);
    const runs: number[] = [];
    const firstBlocks: number[] = [];
    let position = 0;
    let nextBlock = -1;
    for (const piece of this.#pieces) {
      target.set(piece.data, position);
      if (piece.firstBlock === nextBlock) {
        runs[runs.length - 1] = (runs.at(-1) ?? 0) + piece.blockCount;
      } else {
        runs.push(position, piece.blockCount);
        firstBlocks.push(piece.firstBlock);
      }
      nextBlock = piece.firstBlock + piece.blockCount;
      position += piece.blockCount * blockBytes;
    }
    return { diskIndex: this.#diskIndex, buffer, runs: Uint32Array.from(runs), firstBlocks };
  }
}
