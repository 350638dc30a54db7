import { unsigned64, viewOf } from './big-endian.ts';
import { type ForkBlock, readForkBlock } from './fork-block.ts';
import type { ForkMap } from './fork-map.ts';
import type { XfsVolume } from './volume.ts';

/** Bytes of the head that each block carries in version 5. */
const headBytes = 56;
/** Blocks of the longest target, 1024 bytes in blocks of 512, with room to spare. */
const linkBlocksMax = 8;
const magics = { attribute: 0x5841524d, link: 0x58534c4d }; // XARM, XSLM

/** A value that lies in blocks of a fork: of an attribute, or the target of a link. */
export interface RemoteValuePlace {
  /** Whether it is the value of an attribute, or the target of a link. */
  readonly kind: 'attribute' | 'link';
  /** Inode that its blocks must belong to. */
  readonly owner: number;
  /** First block in the fork. */
  readonly fileBlock: number;
  /** Length of the value; at most some 64 KiB, which the caller has checked. */
  readonly lengthBytes: number;
}

/**
 * Reads a value that lies in blocks of a fork. In version 4 they hold nothing else, in version 5 each begins with a head:
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 | magic |
 * | 4 | 4 × 2 | offset in the value, bytes of it in this block |
 * | 12 | 4 | CRC-32C |
 * | 16 | 16 | UUID |
 * | 32 | 8 × 3 | owner, own place, log sequence number |
 * @param volume - the volume
 * @param map - where the fork lies
 * @param place - see RemoteValuePlace
 * @throws FILE_SYSTEM_DAMAGED
 * @source XFS Algorithms & Data Structures, "Remote Attribute Values", "Remote Symbolic Links"
 */
export async function readRemoteValue(
  volume: XfsVolume,
  map: ForkMap,
  place: RemoteValuePlace,
): Promise<Uint8Array> {
  const value = new Uint8Array(place.lengthBytes);
  const { blockBytes } = volume.superblock;
  const name = place.kind === 'link' ? 'target' : 'value of an attribute';
  const structure = `inode ${place.owner}, ${name}`;
  for (let done = 0, fileBlock = place.fileBlock; done < value.length; ) {
    const blockCount = await unitBlocks(map, place.kind, fileBlock);
    const lengthBytes = blockCount * blockBytes;
    const unit = { structure, fileBlock, lengthBytes, checksumOffset: 12 };
    const block = await readForkBlock(volume, map, unit);
    if (volume.isVersion5) assertHead(volume, { ...block, structure }, place, done);
    const part = volume.isVersion5 ? block.bytes.subarray(headBytes) : block.bytes;
    const length = Math.min(part.length, value.length - done);
    value.set(part.subarray(0, length), done);
    done += length;
    fileBlock += blockCount;
  }
  return value;
}

/** Blocks that share a head: one of an attribute, a whole extent of a link, of which none needs more than some blocks. */
async function unitBlocks(
  map: ForkMap,
  kind: RemoteValuePlace['kind'],
  fileBlock: number,
): Promise<number> {
  if (kind === 'attribute') return 1;
  const extent = await map.extentAt(fileBlock);
  return Math.min(extent?.blockCount ?? 1, linkBlocksMax);
}

function assertHead(
  volume: XfsVolume,
  block: ForkBlock & { readonly structure: string },
  place: RemoteValuePlace,
  done: number,
): void {
  const view = viewOf(block.bytes);
  if (view.getUint32(0) !== magics[place.kind])
    throw volume.damage(block, 'it does not begin with its magic');
  if (view.getUint32(4) !== done || unsigned64(view, 32) !== place.owner)
    throw volume.damage(block, 'it says that it belongs elsewhere');
}
