import { u16le, u32le, u64le } from '../integers.ts';
import { uuidText } from '../uuid-text.ts';
import { type ChecksumKind, checksumKind, isSummedUp } from './checksum.ts';
import { objects } from './key.ts';

/** Bytes of a superblock. */
export const superblockBytes = 4096;
/** Where its copies lie, bytes. */
export const superblockOffsets: readonly number[] = [65_536, 64 * 1024 * 1024, 256 * 1024 ** 3];

const magic = '_BHRfS_M';
const checksumBytes = 32;
const systemChunksOffset = 811;
const systemChunksBytesMax = 2048;

/** Features that change what has to be read, and are understood: all to 0x800 but none of parity, and simple quotas. */
const understoodIncompatible = 0x1_0fff;
const incompatibleNames: Readonly<Record<number, string>> = {
  0x1000: 'zones',
  0x2000: 'extent trees of the second form',
  0x4000: 'a tree of stripes',
  0x8000: 'subvolumes that are encrypted',
};
const incompatibleBits = { metadataUuid: 0x400 };

/** The root of a tree. */
export interface TreeRoot {
  /** Number of the tree, which its blocks must bear. */
  readonly tree: number;
  /** Where its top block lies in the address space of the volume, bytes. */
  readonly logicalBytes: number;
  /** Levels below that block. */
  readonly level: number;
  /** Generation that the top block must have; undefined where that is not known. */
  readonly generation?: number | undefined;
}

/** What a superblock says, as far as a reader needs it. */
export interface BtrfsSuperblock {
  /** Counts the commits. */
  readonly generation: number;
  readonly rootTree: TreeRoot;
  readonly chunkTree: TreeRoot;
  /** The tree of logs; it lies at 0 when nothing was synced since the last commit. */
  readonly logTree: TreeRoot;
  /** Size of all devices together, bytes. */
  readonly totalBytes: number;
  readonly usedBytes: number;
  readonly deviceCount: number;
  /** Number of the device that this superblock lies on. */
  readonly device: number;
  /** Size of this device, bytes. */
  readonly deviceBytes: number;
  readonly sectorBytes: number;
  readonly nodeBytes: number;
  readonly checksum: ChecksumKind;
  /** Name, empty when none. */
  readonly label: string;
  /** UUID that people see, as text. */
  readonly uuid: string;
  /** UUID that every block of metadata bears; borrowed. */
  readonly metadataUuid: Uint8Array;
  /** Chunks that hold the chunk tree: keys and chunk items one after the other; borrowed. */
  readonly systemChunks: Uint8Array;
}

/** Why a superblock cannot be used. */
export interface SuperblockFault {
  /** Whether it contradicts itself ("damage"), or says things not understood ("unknown"). */
  readonly fault: 'damage' | 'unknown';
  /** As a sentence without its end. */
  readonly reason: string;
}

/**
 * Decodes a superblock and verifies its checksum. All numbers of btrfs are little-endian.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 32 | checksum of what follows |
 * | 32 | 16 | UUID |
 * | 48 | 8 | own place |
 * | 64 | 8 | magic "_BHRfS_M" |
 * | 72 | 8 | generation |
 * | 80 | 8 × 3 | root tree, chunk tree, tree of logs |
 * | 112 | 8 × 2 | bytes of all devices, bytes used |
 * | 136 | 8 | devices |
 * | 144 | 4 × 2 | bytes of a sector, of a node |
 * | 160 | 4 | bytes of the system chunks |
 * | 164 | 8 | generation of the chunk tree |
 * | 188 | 8 | incompatible features |
 * | 196 | 2 | kind of checksum |
 * | 198 | 1 × 3 | level of the root tree, of the chunk tree, of the tree of logs |
 * | 201 | 8 × 2 | this device: number, bytes |
 * | 299 | 256 | label |
 * | 571 | 16 | UUID of the metadata, if it is another |
 * | 811 | 2048 | system chunks |
 * @param bytes - `superblockBytes`; borrowed, and lent on
 * @param offsetBytes - where it lies on the volume
 * @source btrfs documentation, "On-disk format"; Linux include/uapi/linux/btrfs_tree.h, struct btrfs_super_block
 */
export function decodeSuperblock(
  bytes: Uint8Array,
  offsetBytes: number,
): BtrfsSuperblock | SuperblockFault {
  if (Buffer.from(bytes.subarray(64, 72)).toString('latin1') !== magic)
    return damage(`it does not hold "${magic}"`);
  const checksum = checksumKind(u16le(bytes, 196));
  if (checksum === undefined) return unknown(`its checksums are of kind ${u16le(bytes, 196)}`);
  if (!isSummedUp(checksum, bytes.subarray(checksumBytes), bytes))
    return damage('its checksum does not fit');
  if (u64le(bytes, 48) !== offsetBytes) return damage('it says that it lies elsewhere');
  const features = namesOf(u32le(bytes, 188), u32le(bytes, 192));
  if (features !== '') return unknown(`it uses features that are not known here: ${features}`);
  const superblock = fieldsOf(bytes, checksum);
  const reason = contradiction(superblock, bytes);
  return reason === undefined ? superblock : damage(reason);
}

function damage(reason: string): SuperblockFault {
  return { fault: 'damage', reason };
}

function unknown(reason: string): SuperblockFault {
  return { fault: 'unknown', reason };
}

function namesOf(low: number, high: number): string {
  const bits = Array.from({ length: 32 }, (_, index) => (1 << index) >>> 0);
  const names = bits
    .filter((bit) => low & bit & ~understoodIncompatible)
    .map((bit) => incompatibleNames[bit] ?? `0x${bit.toString(16)}`);
  if (high !== 0) names.push('those above 32 bits');
  return names.join(', ');
}

function fieldsOf(bytes: Uint8Array, checksum: ChecksumKind): BtrfsSuperblock {
  const hasMetadataUuid = (u32le(bytes, 188) & incompatibleBits.metadataUuid) !== 0;
  const metadataUuidAt = hasMetadataUuid ? 571 : 32;
  const generation = u64le(bytes, 72);
  return {
    generation,
    rootTree: { tree: 1, logicalBytes: u64le(bytes, 80), level: bytes[198]!, generation },
    chunkTree: {
      tree: 3,
      logicalBytes: u64le(bytes, 88),
      level: bytes[199]!,
      generation: u64le(bytes, 164),
    },
    // A log belongs to the commit that would have been the next one.
    logTree: {
      tree: objects.logTree,
      logicalBytes: u64le(bytes, 96),
      level: bytes[200]!,
      generation: generation + 1,
    },
    totalBytes: u64le(bytes, 112),
    usedBytes: u64le(bytes, 120),
    deviceCount: u64le(bytes, 136),
    device: u64le(bytes, 201),
    deviceBytes: u64le(bytes, 209),
    sectorBytes: u32le(bytes, 144),
    nodeBytes: u32le(bytes, 148),
    checksum,
    label: textOf(bytes.subarray(299, 555)),
    uuid: uuidText(bytes.subarray(32, 48)),
    metadataUuid: bytes.subarray(metadataUuidAt, metadataUuidAt + 16),
    systemChunks: bytes.subarray(systemChunksOffset, systemChunksOffset + u32le(bytes, 160)),
  };
}

function contradiction(superblock: BtrfsSuperblock, bytes: Uint8Array): string | undefined {
  const { sectorBytes, nodeBytes } = superblock;
  if (!isPowerBetween(sectorBytes, 512, 65_536)) return `its sectors have ${sectorBytes} bytes`;
  if (!isPowerBetween(nodeBytes, sectorBytes, 65_536)) return `its nodes have ${nodeBytes} bytes`;
  if (u32le(bytes, 160) > systemChunksBytesMax)
    return `its system chunks take ${u32le(bytes, 160)} bytes`;
  return undefined;
}

function isPowerBetween(value: number, min: number, max: number): boolean {
  return value >= min && value <= max && (value & (value - 1)) === 0;
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
}
