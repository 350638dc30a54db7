import { isSecondwindError } from '../../base/errors.ts';
import type { ByteRange } from '../file-system.ts';
import type { ExtVolume } from './ext-volume.ts';
import { groupStart } from './group-layout.ts';
import { groupMetadata, type MetadataBlocks } from './group-metadata.ts';
import { batchMax } from './limits.ts';
import { usedClusters } from './used-clusters.ts';

/**
 * The spans of a volume that are in use, ascending and merged: what the block bitmaps say, and all metadata of groups whether they say so
 * or not. A group whose descriptor or bitmap is damaged is in use as a whole, and so is whatever lies outside all groups.
 * @param volume - to be looked at
 */
export async function* allocatedRanges(volume: ExtVolume): AsyncGenerator<readonly ByteRange[]> {
  const { superblock } = volume;
  const metadata = await metadataByPlace(volume);
  const merger = new RangeMerger(superblock.blockBytes, volume.disk.sizeBytes);
  merger.add(0, superblock.firstBlock);
  let next = 0;
  for (let group = 0; group < superblock.groupCount; group += 1) {
    const start = groupStart(superblock, group);
    const bits = await usedClusters(volume, group);
    for (; next < metadata.length && metadata[next]!.block < start + superblock.blocksPerGroup; ) {
      markUsed(bits, metadata[next]!, start, superblock.blocksPerCluster);
      next += 1;
    }
    addRuns(merger, bits, start, superblock.blocksPerCluster);
    if (merger.ranges.length >= batchMax) yield merger.take();
  }
  merger.add(superblock.blockCount, Infinity);
  yield merger.finish();
}

/** Metadata of groups in the order in which it lies; that of a damaged descriptor is unknown, and its group in use as a whole. */
async function metadataByPlace(volume: ExtVolume): Promise<readonly MetadataBlocks[]> {
  const found: MetadataBlocks[] = [];
  const add = (piece: MetadataBlocks): void => {
    const last = found.at(-1);
    if (last !== undefined && last.block + last.blockCount === piece.block) {
      found[found.length - 1] = { ...last, blockCount: last.blockCount + piece.blockCount };
    } else found.push(piece);
  };
  for (let group = 0; group < volume.superblock.groupCount; group += 1) {
    try {
      for (const piece of await groupMetadata(volume, group)) add(piece);
    } catch (error) {
      if (!isSecondwindError(error, 'FILE_SYSTEM_DAMAGED')) throw error;
    }
  }
  return found.sort((left, right) => left.block - right.block);
}

/** Metadata may reach over the end of its group only where descriptors are damaged; what is behind is the next group's to tell. */
function markUsed(
  bits: Uint8Array,
  { block, blockCount }: MetadataBlocks,
  start: number,
  ratio: number,
): void {
  const first = Math.max(0, Math.floor((block - start) / ratio));
  const end = Math.min(bits.length * 8, Math.ceil((block + blockCount - start) / ratio));
  for (let cluster = first; cluster < end; cluster += 1) bits[cluster >> 3]! |= 1 << (cluster & 7);
}

function addRuns(merger: RangeMerger, bits: Uint8Array, start: number, ratio: number): void {
  const count = bits.length * 8;
  const isUsed = (cluster: number): boolean => (bits[cluster >> 3]! & (1 << (cluster & 7))) !== 0;
  for (let cluster = 0; cluster < count; ) {
    const first = cluster;
    const used = isUsed(cluster);
    const full = used ? 0xff : 0;
    while (cluster < count && isUsed(cluster) === used) {
      cluster += (cluster & 7) === 0 && bits[cluster >> 3] === full ? 8 : 1;
    }
    if (used) merger.add(start + first * ratio, (cluster - first) * ratio);
  }
}

/** Joins runs of blocks that follow one another, and turns them into ranges of bytes on the volume. */
class RangeMerger {
  ranges: ByteRange[] = [];
  readonly #blockBytes: number;
  readonly #volumeBytes: number;
  #start = 0;
  #end = 0;

  constructor(blockBytes: number, volumeBytes: number) {
    this.#blockBytes = blockBytes;
    this.#volumeBytes = volumeBytes;
  }

  /** Runs come in ascending order; one may begin within the last. */
  add(block: number, blockCount: number): void {
    const start = Math.min(block * this.#blockBytes, this.#volumeBytes);
    const end = Math.min((block + blockCount) * this.#blockBytes, this.#volumeBytes);
    if (end <= this.#end) return;
    if (start > this.#end) {
      this.#close();
      this.#start = start;
    }
    this.#end = end;
  }

  take(): ByteRange[] {
    const taken = this.ranges;
    this.ranges = [];
    return taken;
  }

  finish(): ByteRange[] {
    this.#close();
    return this.take();
  }

  #close(): void {
    const lengthBytes = this.#end - this.#start;
    if (lengthBytes > 0) this.ranges.push({ offsetBytes: this.#start, lengthBytes });
  }
}
