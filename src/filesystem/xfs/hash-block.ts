import { unsigned64, viewOf } from './big-endian.ts';
import { readForkBlock } from './fork-block.ts';
import type { ForkMap } from './fork-map.ts';
import type { XfsVolume } from './volume.ts';

/** Kinds of blocks in a tree of hashes, with their magic numbers of version 4 and 5. */
const magics = {
  node: [0xfebe, 0x3ebe],
  directoryWhole: [0xd2f1, 0x3df1],
  directoryLeaf: [0xd2ff, 0x3dff],
  attributeLeaf: [0xfbee, 0x3bee],
} as const;

/** A kind of block in a tree of hashes. */
export type HashBlockKind = keyof typeof magics;

/** A block in a tree of hashes. */
export interface HashBlock {
  readonly kind: HashBlockKind;
  /** Borrowed. */
  readonly bytes: Uint8Array;
  /** Where it lies on the volume, bytes. */
  readonly offsetBytes: number;
  /** Next block of the same level, as a block of the fork; 0 when it is the last. */
  readonly next: number;
  /** Entries, as it says. */
  readonly count: number;
  /** Levels below it, for nodes. */
  readonly level: number;
  /** Where what follows the head of the kind begins, bytes: entries of nodes and directories. */
  readonly bodyStart: number;
}

/** Where to find a block in a tree of hashes. */
export interface HashBlockPlace {
  /** For errors: "inode 17, directory". */
  readonly structure: string;
  /** Inode that it must belong to. */
  readonly owner: number;
  /** Block in the fork. */
  readonly fileBlock: number;
  readonly lengthBytes: number;
}

/**
 * Reads a block in a tree of hashes.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 × 2 | next and previous block of its level |
 * | 8 | 2 | magic |
 * | 12 | 2 × 2 | version 4: entries; level of a node, gaps of a leaf |
 * | 12 | 4 | version 5: CRC-32C |
 * | 16 | 8 × 2 | version 5: own place in units of 512 bytes, log sequence number |
 * | 32 | 16 | version 5: UUID |
 * | 48 | 8 | version 5: owner |
 * | 56 | 2 × 2 | version 5: entries; level of a node, gaps of a leaf |
 * @param volume - the volume
 * @param map - where the fork lies
 * @param place - see HashBlockPlace
 * @throws FILE_SYSTEM_DAMAGED
 * @source XFS Algorithms & Data Structures, "Directory/Attribute Block Header"; Linux fs/xfs/libxfs/xfs_da_format.h, struct xfs_da_blkinfo
 */
export async function readHashBlock(
  volume: XfsVolume,
  map: ForkMap,
  place: HashBlockPlace,
): Promise<HashBlock> {
  const { bytes, offsetBytes } = await readForkBlock(volume, map, { ...place, checksumOffset: 12 });
  const view = viewOf(bytes);
  const version = volume.isVersion5 ? 1 : 0;
  const kind = kinds.find((candidate) => magics[candidate][version] === view.getUint16(8));
  const fail = (reason: string) => volume.damage({ ...place, offsetBytes }, reason);
  if (kind === undefined) throw fail('it does not begin as a block of an index');
  if (volume.isVersion5 && unsigned64(view, 48) !== place.owner)
    throw fail(`it says that it belongs to inode ${unsigned64(view, 48)}`);
  const countAt = volume.isVersion5 ? 56 : 12;
  const block: HashBlock = {
    kind,
    bytes,
    offsetBytes,
    next: view.getUint32(0),
    count: view.getUint16(countAt),
    level: kind === 'node' ? view.getUint16(countAt + 2) : 0,
    bodyStart: volume.isVersion5 ? 64 : 16,
  };
  if (block.bodyStart + block.count * 8 > bytes.length) throw fail(`it has ${block.count} entries`);
  return block;
}

const kinds = Object.keys(magics) as readonly HashBlockKind[];

/**
 * Where a hash stands or would stand among sorted entries of 8 bytes that begin with one.
 * @param view - the block
 * @param table - where the entries begin, bytes, and their count
 * @param hash - what is looked for
 * @returns index of the first entry whose hash is not less; `count` when all are less
 */
export function firstNotLess(
  view: DataView,
  table: { readonly start: number; readonly count: number },
  hash: number,
): number {
  let low = 0;
  let high = table.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (view.getUint32(table.start + middle * 8) < hash) low = middle + 1;
    else high = middle;
  }
  return low;
}
