import { blockBytes, slabBytes } from '../../base/limits.ts';
import type { Cut } from '../cut.ts';
import { type SlabPool, slabBlocks } from '../slab-pool.ts';
import type { Spool, SpoolPlace } from './spool.ts';

/** A cut that waits, in memory or in the spool. */
export class QueuedCut {
  /** What was cut. */
  readonly cut: Cut;
  /** Blocks of data in it. */
  readonly blockCount: number;
  /** Where the data of each disk lies; valid while it is in memory. */
  positions: readonly Int32Array[];
  /** Slabs held for it. */
  readonly slabs: number[];
  /** Where it lies in the spool; undefined while it is in memory. */
  spoolPlace: SpoolPlace | undefined = undefined;
  /** Ends when the attempt to spool it has ended, well or not; undefined while there is none. */
  spilling: Promise<unknown> | undefined = undefined;

  /** @param cut - its slabs are taken over */
  constructor(cut: Cut) {
    this.cut = cut;
    this.positions = cut.disks.map((disk) => disk.positions);
    this.slabs = [...cut.slabs];
    this.blockCount = cut.disks.reduce((sum, disk) => sum + disk.blocks.length, 0);
  }

  /** Lets go of the memory. @param pool - where it came from */
  release(pool: SlabPool): void {
    for (const slab of this.slabs.splice(0)) pool.release(slab);
  }

  /**
   * Moves the data to the spool.
   * @param spool - receives it
   * @param pool - where it lies
   * @returns whether there was room
   * @throws NO_SPACE or IO_FAILED; the data then stays in memory
   */
  async spill(spool: Spool, pool: SlabPool): Promise<boolean> {
    const all = new Int32Array(this.blockCount);
    let count = 0;
    for (const positions of this.positions) {
      all.set(positions, count);
      count += positions.length;
    }
    const place = await spool.put(all, pool);
    if (place === undefined) return false;
    this.spoolPlace = place;
    this.release(pool);
    return true;
  }
}

/**
 * Brings a cut back from the spool.
 * @param entry - a spooled cut
 * @param spool - where it is
 * @param pool - receives it
 * @returns whether there was memory for it
 * @throws IO_FAILED or DAMAGED
 */
export async function loadCut(entry: QueuedCut, spool: Spool, pool: SlabPool): Promise<boolean> {
  const slabCount = Math.ceil((entry.blockCount * blockBytes) / slabBytes);
  if (pool.available('drain') < slabCount) return false;
  for (let i = 0; i < slabCount; i++) entry.slabs.push(pool.take('drain'));
  await spool.get(entry.spoolPlace!, pool, entry.slabs);
  spool.free(entry.spoolPlace!);
  entry.spoolPlace = undefined;
  entry.positions = sequencePositions(entry);
  return true;
}

function sequencePositions(entry: QueuedCut): Int32Array[] {
  let count = 0;
  return entry.cut.disks.map((disk) =>
    new Int32Array(disk.blocks.length).map(() => {
      const position =
        entry.slabs[Math.floor(count / slabBlocks)]! * slabBlocks + (count % slabBlocks);
      count++;
      return position;
    }),
  );
}
