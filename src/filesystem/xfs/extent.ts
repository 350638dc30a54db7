import { viewOf } from './big-endian.ts';

/** Bytes of an extent record. */
export const extentRecordBytes = 16;

/** Blocks of a file that lie one after the other. */
export interface XfsExtent {
  /** First block in the file. */
  readonly fileBlock: number;
  /** First block on the volume: group and place in the group. */
  readonly block: number;
  /** Blocks, 1 … 2²¹ - 1. */
  readonly blockCount: number;
  /** Whether it was set aside but never written: it reads as zeroes. */
  readonly isUnwritten: boolean;
}

/**
 * Decodes a list of extents, which packs 128 bits: unwritten 1, block in the file 54, block on the volume 52, blocks 21.
 * @param bytes - borrowed
 * @param count - records that they hold
 * @returns a reason when they are not in ascending order without overlap
 * @source XFS Algorithms & Data Structures, "Extent List"; Linux fs/xfs/libxfs/xfs_format.h, struct xfs_bmbt_rec
 */
export function decodeExtents(bytes: Uint8Array, count: number): readonly XfsExtent[] | string {
  if (count * extentRecordBytes > bytes.length) return `${count} extents do not fit into it`;
  const view = viewOf(bytes);
  const extents: XfsExtent[] = [];
  let end = 0;
  for (let index = 0; index < count; index += 1) {
    const extent = decodeExtent(view, index * extentRecordBytes);
    if (extent.fileBlock < end || extent.blockCount === 0)
      return `extent ${index} is empty or overlaps the one before it`;
    end = extent.fileBlock + extent.blockCount;
    extents.push(extent);
  }
  return extents;
}

function decodeExtent(view: DataView, offset: number): XfsExtent {
  const first = view.getUint32(offset);
  const second = view.getUint32(offset + 4);
  const fourth = view.getUint32(offset + 12);
  return {
    isUnwritten: first >>> 31 === 1,
    fileBlock: (first & 0x7fff_ffff) * 2 ** 23 + (second >>> 9),
    block: (second & 0x1ff) * 2 ** 43 + view.getUint32(offset + 8) * 2 ** 11 + (fourth >>> 21),
    blockCount: fourth & 0x1f_ffff,
  };
}
