import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { u16le, u32le } from '../integers.ts';
import type { VolumeCache } from '../volume-cache.ts';
import type { FatGeometry } from './boot-sector.ts';

/** What an entry of the table says when it is no link. */
const broken = -1;

/** The table of a FAT volume: for each cluster the one after it. */
export class FatTable {
  readonly #cache: VolumeCache;
  readonly #geometry: FatGeometry;
  readonly #bits: number;

  /**
   * @param cache - the volume
   * @param geometry - its layout
   */
  constructor(cache: VolumeCache, geometry: FatGeometry) {
    this.#cache = cache;
    this.#geometry = geometry;
    this.#bits = geometry.entryBits;
  }

  /**
   * The cluster after one. Where the copy in force holds nonsense, the other copies are asked: that is what they are there for.
   * @param cluster - a cluster of the volume
   * @returns 0 at the end, -1 where every copy is broken
   * @throws FILE_SYSTEM_DAMAGED when the table is not on the volume
   */
  next(cluster: number): Awaitable<number> {
    const { activeTable, isMirrored, tableCount } = this.#geometry;
    return andThen(this.#link(activeTable, cluster), (link) =>
      link === broken && isMirrored && tableCount > 1 ? this.#ask(cluster) : link,
    );
  }

  /**
   * What one copy says of a cluster, without a meaning: 0 is free.
   * @param copy - number of the copy
   * @param cluster - 0 to clusterCount + 1
   */
  raw(copy: number, cluster: number): Awaitable<number> {
    const { tableBytesStart, tableLengthBytes } = this.#geometry;
    const start = tableBytesStart + copy * tableLengthBytes;
    const at = Math.floor((cluster * this.#bits) / 8);
    const lengthBytes = this.#bits === 32 ? 4 : 2;
    const place = { offsetBytes: start + at, lengthBytes, structure: 'file allocation table' };
    return andThen(this.#cache.bytes(place), (bytes) => entryIn(bytes, 0, this.#bits, cluster));
  }

  #link(copy: number, cluster: number): Awaitable<number> {
    return andThen(this.raw(copy, cluster), (value) => this.#meaning(value));
  }

  async #ask(cluster: number): Promise<number> {
    for (let copy = 1; copy < this.#geometry.tableCount; copy += 1) {
      const link = await this.#link(copy, cluster);
      if (link !== broken) return link;
    }
    return broken;
  }

  #meaning(value: number): number {
    const highest = this.#bits === 32 ? 0x0fffffff : 2 ** this.#bits - 1;
    if (value >= highest - 7) return 0;
    return value >= 2 && value <= this.#geometry.clusterCount + 1 ? value : broken;
  }
}

/**
 * One entry of the table.
 * @param bytes - a part of the table
 * @param at - where in it the entry begins: 2 bytes, or 4 for FAT32
 * @param bits - 12, 16 or 32; the upper 4 of 32 are reserved
 * @param cluster - whose entry; two entries of 12 bits share a byte
 */
export function entryIn(bytes: Uint8Array, at: number, bits: number, cluster: number): number {
  if (bits === 32) return u32le(bytes, at) & 0x0fffffff;
  const word = u16le(bytes, at);
  if (bits === 16) return word;
  return cluster % 2 === 0 ? word & 0xfff : word >> 4;
}
