import type { Awaitable } from '../../disk/disk.ts';
import { attributeType } from './attribute.ts';
import { ntfsDamage, type Place } from './damage.ts';
import { decodeIndexBlock, decodeIndexRoot, type IndexEntry } from './index-node.ts';
import { indexBlockBytesMax, indexDepthMax } from './limits.ts';
import type { NtfsFile } from './ntfs-file.ts';
import { gatherStream, type Stream, spanAt, streamBytes } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

/** What numbers of blocks count when a block is smaller than a cluster, bytes. */
const smallUnitBytes = 512;

/** Bytes of an index's own bitmap looked at together: for 32,768 blocks. */
const bitmapPartBytes = 4096;

/** An index of a file: a B+ tree whose blocks lie in a stream. */
export class FileIndex {
  /** For messages. */
  readonly place: Place;
  /** Entries of the root. */
  readonly rootEntries: readonly IndexEntry[];
  readonly #volume: NtfsVolume;
  readonly #blockBytes: number;
  readonly #unitBytes: number;
  readonly #blocks: Stream | undefined;
  readonly #bitmap: Stream | undefined;

  /**
   * @param volume - where it lies
   * @param file - whose
   * @param name - of the index: "$I30" is that of names
   * @throws FILE_SYSTEM_DAMAGED when its root is missing or damaged
   */
  constructor(volume: NtfsVolume, file: NtfsFile, name: string) {
    this.#volume = volume;
    this.place = { ...file.place, structure: `${file.place.structure}, index ${name}` };
    const root = gatherStream(
      volume,
      file.attributes,
      { type: attributeType.indexRoot, name },
      file.place,
    );
    if (root?.value === undefined) throw ntfsDamage(this.place, 'its root is missing');
    const { blockBytes, entries } = decodeIndexRoot(root.value, root.place);
    this.rootEntries = entries;
    this.#blockBytes = this.#soundBlockBytes(blockBytes);
    const { clusterBytes } = volume.geometry;
    this.#unitBytes = clusterBytes <= blockBytes ? clusterBytes : smallUnitBytes;
    const at = { attributes: file.attributes, place: file.place };
    this.#blocks = this.#stream(at, attributeType.indexAllocation, name);
    this.#bitmap = this.#stream(at, attributeType.bitmap, name);
  }

  #stream(
    file: Pick<NtfsFile, 'attributes' | 'place'>,
    type: number,
    name: string,
  ): Stream | undefined {
    return gatherStream(this.#volume, file.attributes, { type, name }, file.place);
  }

  #soundBlockBytes(blockBytes: number): number {
    const isSound =
      blockBytes >= smallUnitBytes &&
      blockBytes <= indexBlockBytesMax &&
      (blockBytes & (blockBytes - 1)) === 0;
    if (isSound) return blockBytes;
    throw ntfsDamage(this.place, `its blocks would be ${blockBytes} bytes long`);
  }

  /** How many blocks there is room for, as far as they are stored: holes are not, and cost nothing to claim. */
  get blockCount(): number {
    if (this.#blocks === undefined) return 0;
    const { sizeBytes, runs } = this.#blocks;
    const storedBytes = runs.storedClusters * this.#volume.geometry.clusterBytes;
    return Math.floor(Math.min(sizeBytes, storedBytes) / this.#blockBytes);
  }

  /**
   * The places of the blocks in use, in the order in which they lie.
   * @throws FILE_SYSTEM_DAMAGED when the bitmap of the index cannot be read
   */
  async *usedBlocks(): AsyncGenerator<number> {
    const bitmap = this.#bitmap;
    if (bitmap === undefined) return;
    for (let offset = 0; offset < bitmap.sizeBytes; offset += bitmapPartBytes) {
      const lengthBytes = Math.min(bitmapPartBytes, bitmap.sizeBytes - offset);
      const part = streamBytes(this.#volume, bitmap, { offsetBytes: offset, lengthBytes });
      const bits = part instanceof Promise ? await part : part;
      for (let bit = 0; bit < lengthBytes * 8; bit += 1) {
        if (offset * 8 + bit >= this.blockCount) return;
        if ((bits[bit >> 3]! & (1 << (bit & 7))) !== 0) yield offset * 8 + bit;
      }
    }
  }

  /**
   * Entries of one block.
   * @param place - its place in the stream, blocks
   * @throws FILE_SYSTEM_DAMAGED
   */
  block(place: number): Awaitable<readonly IndexEntry[]> {
    const blocks = this.#blocks;
    if (blocks === undefined || !(place >= 0 && place < this.blockCount)) {
      throw ntfsDamage(this.place, `it has no block ${place}`);
    }
    const part = { offsetBytes: place * this.#blockBytes, lengthBytes: this.#blockBytes };
    const bytes = streamBytes(this.#volume, blocks, part);
    if (bytes instanceof Promise) return bytes.then((read) => this.#decode(read, blocks, place));
    return this.#decode(bytes, blocks, place);
  }

  #decode(bytes: Uint8Array, blocks: Stream, index: number): readonly IndexEntry[] {
    const offsetBytes = spanAt(this.#volume, blocks, index * this.#blockBytes).volumeOffsetBytes;
    const place = {
      structure: `${this.place.structure}, block ${index}`,
      offsetBytes: offsetBytes ?? this.place.offsetBytes,
    };
    const block = decodeIndexBlock(bytes.slice(), place);
    if (block.number * this.#unitBytes === index * this.#blockBytes) return block.entries;
    throw ntfsDamage(place, `it calls itself block ${block.number}`);
  }

  /**
   * The block that an entry names as the one before it.
   * @param child - number of the block, as the entry has it
   * @returns its place in the stream, blocks
   * @throws FILE_SYSTEM_DAMAGED when there is none
   */
  placeOf(child: number): number {
    const place = (child * this.#unitBytes) / this.#blockBytes;
    if (Number.isSafeInteger(place)) return place;
    throw ntfsDamage(this.place, `it has no block numbered ${child}`);
  }

  /**
   * Goes down to where a key is or would be.
   * @param compare - below 0 when an entry comes before what is looked for, above 0 when behind; called for the entries on the way.
   * Returning 0 ends the search.
   * @returns the entry for which `compare` returned 0
   * @throws FILE_SYSTEM_DAMAGED, also when it is too deep to be true
   */
  async search(compare: (entry: IndexEntry) => number): Promise<IndexEntry | undefined> {
    let entries = this.rootEntries;
    for (let depth = 0; depth < indexDepthMax; depth += 1) {
      let order = -1;
      const next = entries.find((entry) => {
        order = entry.isLast ? 1 : compare(entry);
        return order >= 0;
      });
      if (order === 0) return next;
      if (next?.child === undefined) return undefined;
      entries = await this.block(this.placeOf(next.child));
    }
    throw ntfsDamage(this.place, `it is more than ${indexDepthMax} blocks deep`);
  }
}
