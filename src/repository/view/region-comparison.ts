import { isSecondwindError } from '../../base/errors.ts';
import { blockBytes, regionBlocks, regionBytes } from '../../base/limits.ts';
import { chunkNameBytes } from '../../format/chunk-group.ts';
import type { Pipeline } from '../../pipeline/operation-table.ts';
import type { RegionComparer, View } from '../contract.ts';
import { isIndexDamage } from '../index-tables/index-damage.ts';
import type { ChunkPlace } from '../index-tables/place-table.ts';
import type { RegionExtents } from '../index-tables/region-extents.ts';
import type { RegionMap } from './region-map.ts';

/** What comparing needs. */
export interface RegionComparisonOptions {
  /** The state compared with. */
  readonly view: View;
  /** Its regions. */
  readonly map: RegionMap;
  /** Tells a chunk's name by its number. */
  readonly nameOf: (chunkNumber: number) => Uint8Array;
  /** Tells whether a chunk is known not to be readable, by its place. */
  readonly isDamaged: (place: ChunkPlace) => boolean;
  /** Names what the disk holds. */
  readonly pipeline: Pipeline;
  /** Key of the chunk names, 32 bytes. */
  readonly nameKey: Uint8Array;
}

/** How one region is compared. */
interface Plan {
  /** Extents that show a whole chunk: the chunk's name decides. */
  readonly whole: readonly number[];
  /** Extents that show a part of a chunk: only its bytes can decide. */
  readonly partial: readonly number[];
  /** Extents whose content is not there, because it was excluded or is damaged: to be stored anew, whatever the disk holds. */
  readonly absent: readonly number[];
  /** Blocks that are stored as zeroes. */
  readonly zeroBlocks: readonly number[];
}

/**
 * Compares a disk with a stored state, region by region. A chunk that is shown whole is compared by its name, so nothing
 * stored is read where nothing changed; only where names differ, or a chunk is shown in part, its bytes are fetched.
 */
export class RegionComparison implements RegionComparer {
  readonly #options: RegionComparisonOptions;

  /** @param options - see RegionComparisonOptions */
  constructor(options: RegionComparisonOptions) {
    this.#options = options;
  }

  /** See RegionComparer. @throws DAMAGED, IO_FAILED */
  async compare(region: number, content: Uint8Array<SharedArrayBuffer>): Promise<Uint8Array> {
    const { pipeline, nameKey, map } = this.#options;
    const { extents } = map.region(region);
    const memory = wholeBlocks(content);
    const differs = new Uint8Array(regionBlocks);
    const storedBlocks = this.#storedBlocks(region, memory.length);
    differs.fill(1, storedBlocks, memory.length / blockBytes);
    const plan = this.#plan(region, storedBlocks);
    const at = (block: number): number => memory.byteOffset + block * blockBytes;
    const runs = plan.whole.flatMap((index) => [
      at(extents.startBlock(index)),
      extents.blockCount(index),
    ]);
    const named = await pipeline.run(
      'nameRuns',
      {
        buffer: memory.buffer,
        runs: Uint32Array.from(runs),
        zeroBlocks: Uint32Array.from(plan.zeroBlocks, at),
        nameKey,
      },
      'store',
    );
    for (const [index, block] of plan.zeroBlocks.entries())
      differs[block] = named.areNotZero[index] ?? 1;
    for (const index of plan.absent) markExtent(differs, extents, index);
    const unequal = this.#unequal(extents, plan.whole, named.names);
    await this.#compareBytes(region, memory, [...unequal, ...plan.partial], differs);
    return differs;
  }

  /** Blocks of the region that the stored disk has. */
  #storedBlocks(region: number, lengthBytes: number): number {
    const storedBytes = Math.max(0, this.#options.view.sizeBytes - region * regionBytes);
    return Math.ceil(Math.min(lengthBytes, storedBytes) / blockBytes);
  }

  #plan(region: number, storedBlocks: number): Plan {
    const { map } = this.#options;
    const mapped = map.region(region);
    const { extents } = mapped;
    const whole: number[] = [];
    const partial: number[] = [];
    const absent: number[] = [];
    const zeroBlocks: number[] = [];
    let block = 0;
    for (let index = 0; index < extents.count; index++) {
      if (extents.startBlock(index) >= storedBlocks) break;
      while (block < extents.startBlock(index)) zeroBlocks.push(block++);
      block = extents.endBlock(index);
      if (extents.isExcluded(index)) {
        absent.push(index);
        continue;
      }
      const place = map.place(mapped, index);
      const isWhole =
        block <= storedBlocks &&
        extents.chunkStartBlock(index) === 0 &&
        extents.blockCount(index) === place.blockCount;
      if (this.#options.isDamaged(place)) absent.push(index);
      else (isWhole ? whole : partial).push(index);
    }
    while (block < storedBlocks) zeroBlocks.push(block++);
    return { whole, partial, absent, zeroBlocks };
  }

  #unequal(extents: RegionExtents, whole: readonly number[], names: Uint8Array): number[] {
    return whole.filter((extent, index) => {
      const stored = this.#options.nameOf(extents.chunkNumber(extent));
      const found = names.subarray(index * chunkNameBytes, (index + 1) * chunkNameBytes);
      return Buffer.compare(stored, found) !== 0;
    });
  }

  /** What cannot be read is to be stored anew: damage must not keep a comparison from ending. */
  async #isRead(target: Uint8Array, offsetBytes: number): Promise<boolean> {
    try {
      await this.#options.view.read(target, offsetBytes);
      return true;
    } catch (error) {
      if (isSecondwindError(error, 'DAMAGED') && !isIndexDamage(error)) return false;
      throw error;
    }
  }

  async #compareBytes(
    region: number,
    memory: Uint8Array,
    extentIndexes: readonly number[],
    differs: Uint8Array,
  ): Promise<void> {
    const { view, map } = this.#options;
    const { extents } = map.region(region);
    await Promise.all(
      extentIndexes.map(async (index) => {
        const first = extents.startBlock(index);
        const start = first * blockBytes;
        const diskStart = region * regionBytes + start;
        const storedBytes = Math.min(
          extents.blockCount(index) * blockBytes,
          view.sizeBytes - diskStart,
        );
        const lengthBytes = Math.min(storedBytes, memory.length - start);
        const stored = Buffer.alloc(Math.ceil(lengthBytes / blockBytes) * blockBytes);
        if (!(await this.#isRead(stored.subarray(0, lengthBytes), diskStart))) {
          markExtent(differs, extents, index);
          return;
        }
        for (let block = 0; block < stored.length / blockBytes; block++) {
          differs[first + block] = isSameBlock(memory, start, stored, block * blockBytes) ? 0 : 1;
        }
      }),
    );
  }
}

function markExtent(differs: Uint8Array, extents: RegionExtents, index: number): void {
  differs.fill(1, extents.startBlock(index), extents.endBlock(index));
}

/** A disk may end within a block; what is stored of it is filled up with zeroes. */
function wholeBlocks(content: Uint8Array<SharedArrayBuffer>): Uint8Array<SharedArrayBuffer> {
  if (content.length % blockBytes === 0) return content;
  const lengthBytes = Math.ceil(content.length / blockBytes) * blockBytes;
  const memory = new Uint8Array(new SharedArrayBuffer(lengthBytes));
  memory.set(content);
  return memory;
}

function isSameBlock(memory: Uint8Array, at: number, stored: Buffer, from: number): boolean {
  const block = Buffer.from(memory.buffer, memory.byteOffset + at + from, blockBytes);
  return stored.compare(block, 0, blockBytes, from, from + blockBytes) === 0;
}
