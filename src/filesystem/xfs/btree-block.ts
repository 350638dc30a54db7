import { unsigned64, viewOf } from './big-endian.ts';
import type { XfsVolume } from './volume.ts';

/** Kinds of B+tree, with their magic numbers of version 4 and 5. */
const magics = {
  extents: [0x424d4150, 0x424d4133],
  freeSpace: [0x41425442, 0x41423342],
  inodes: [0x49414254, 0x49414233],
  freeInodes: [0x46494254, 0x46494233],
} as const;

/** A kind of B+tree. */
export type BtreeKind = keyof typeof magics;

/** What is known of a block before it is read. */
export interface BtreeBlockPlace {
  readonly kind: BtreeKind;
  /** For errors: "inode 17, extent tree". */
  readonly structure: string;
  /** Where it lies, bytes. */
  readonly offsetBytes: number;
  /** Levels below it. */
  readonly level: number;
  /** Inode or group that it must belong to. */
  readonly owner: number;
}

/** A block of a B+tree that was found to be what it must be. */
export interface BtreeBlock extends BtreeBlockPlace {
  /** All its bytes; borrowed. */
  readonly bytes: Uint8Array;
  /** Where records or keys begin, bytes. */
  readonly headerBytes: number;
  /** Records or keys in it. */
  readonly count: number;
}

/**
 * Reads a block of a B+tree. In an inode's tree pointers have 64 bits, in a group's 32, which moves what follows them.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 | magic |
 * | 4 | 2 × 2 | level, records |
 * | 8 | 8 or 16 | left and right sibling |
 * | 16 or 24 | 8 × 2 | version 5: own place in units of 512 bytes, log sequence number |
 * | 32 or 40 | 16 | version 5: UUID |
 * | 48 or 56 | 4 or 8 | version 5: owner |
 * | 52 or 64 | 4 | version 5: CRC-32C |
 * | 56 or 72 | | version 5: records |
 * @param volume - the volume
 * @param place - see BtreeBlockPlace
 * @throws FILE_SYSTEM_DAMAGED
 * @source XFS Algorithms & Data Structures, "Fixed-sized B+trees"; Linux fs/xfs/libxfs/xfs_format.h, struct xfs_btree_block
 */
export async function readBtreeBlock(
  volume: XfsVolume,
  place: BtreeBlockPlace,
): Promise<BtreeBlock> {
  const isLong = place.kind === 'extents';
  const bytes = await volume.checked({
    structure: place.structure,
    offsetBytes: place.offsetBytes,
    lengthBytes: volume.superblock.blockBytes,
    checksumOffset: isLong ? 64 : 52,
  });
  const reason = contradiction(volume, place, bytes);
  if (reason !== undefined) throw volume.damage(place, reason);
  const shortHeader = volume.isVersion5 ? 56 : 16;
  const longHeader = volume.isVersion5 ? 72 : 24;
  return {
    ...place,
    bytes,
    headerBytes: isLong ? longHeader : shortHeader,
    count: viewOf(bytes).getUint16(6),
  };
}

function contradiction(
  volume: XfsVolume,
  place: BtreeBlockPlace,
  bytes: Uint8Array,
): string | undefined {
  const view = viewOf(bytes);
  const [version4, version5] = magics[place.kind];
  if (view.getUint32(0) !== (volume.isVersion5 ? version5 : version4))
    return 'it does not begin as a block of its tree';
  if (view.getUint16(4) !== place.level)
    return `its level is ${view.getUint16(4)} instead of ${place.level}`;
  if (!volume.isVersion5) return undefined;
  const isLong = place.kind === 'extents';
  if (unsigned64(view, isLong ? 24 : 16) * 512 !== place.offsetBytes)
    return 'it says that it lies elsewhere';
  const owner = isLong ? unsigned64(view, 56) : view.getUint32(48);
  return owner === place.owner ? undefined : `it says that it belongs to ${owner}`;
}
