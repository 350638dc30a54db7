import type { SecondwindError } from '../../base/errors.ts';
import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
import { damagedFileSystem } from '../damage.ts';
import { type StructurePlace, VolumeCache } from '../volume-cache.ts';
import { hasGoodChecksum } from './checksum.ts';
import type { XfsSuperblock } from './superblock.ts';

/** Places whose checksum is known to fit, so that it is counted once; forgotten all together when there are too many. */
const verifiedPlacesMax = 65_536;

/** A structure that carries a checksum when the file system is of version 5. */
export interface ChecksummedPlace extends StructurePlace {
  /** Where its checksum lies in it, bytes. */
  readonly checksumOffset: number;
}

/** A mounted XFS volume: its shape, its cached metadata, and where numbers of blocks and inodes lie. */
export class XfsVolume {
  /** Content of files is read from here, past the cache. */
  readonly disk: ReadableDisk;
  readonly superblock: XfsSuperblock;
  readonly #cache: VolumeCache;
  readonly #verified = new Set<number>();

  /**
   * @param disk - what is read; stays its owner's
   * @param superblock - a superblock that was found good
   */
  constructor(disk: ReadableDisk, superblock: XfsSuperblock) {
    this.disk = disk;
    this.superblock = superblock;
    this.#cache = new VolumeCache(disk, 'xfs');
  }

  /** Whether metadata carries checksums and says who it is. */
  get isVersion5(): boolean {
    return this.superblock.version === 5;
  }

  /**
   * The bytes of a structure without a checksum of its own.
   * @throws FILE_SYSTEM_DAMAGED
   */
  bytes(place: StructurePlace): Awaitable<Uint8Array> {
    return this.#cache.bytes(place);
  }

  /**
   * The bytes of a structure, its checksum verified.
   * @throws FILE_SYSTEM_DAMAGED
   */
  checked(place: ChecksummedPlace): Awaitable<Uint8Array> {
    const bytes = this.#cache.bytes(place);
    if (!this.isVersion5 || this.#verified.has(place.offsetBytes)) return bytes;
    if (bytes instanceof Promise) return bytes.then((loaded) => this.#verify(place, loaded));
    return this.#verify(place, bytes);
  }

  #verify(place: ChecksummedPlace, bytes: Uint8Array): Uint8Array {
    if (!hasGoodChecksum(bytes, place.checksumOffset))
      throw this.damage(place, 'its checksum does not fit');
    if (this.#verified.size >= verifiedPlacesMax) this.#verified.clear();
    this.#verified.add(place.offsetBytes);
    return bytes;
  }

  /**
   * Where a block lies.
   * @param block - number of a block: group and place in the group
   * @param structure - for the error
   * @param blockCount - how many blocks from there must lie in the same group
   * @returns bytes from the start of the volume
   * @throws FILE_SYSTEM_DAMAGED when there is no such block
   */
  blockOffset(block: number, structure: string, blockCount = 1): number {
    const group = Math.floor(block / 2 ** this.superblock.groupBlockBits);
    const inGroup = block - group * 2 ** this.superblock.groupBlockBits;
    if (!Number.isSafeInteger(block) || inGroup + blockCount > this.groupBlocks(group))
      throw this.damage({ structure, offsetBytes: 0 }, `it would lie in block ${block}`);
    return this.groupBlockOffset(group, inGroup);
  }

  /**
   * Where a block of a group lies, unchecked.
   * @param group - number of the group
   * @param block - number of the block in it
   * @returns bytes from the start of the volume
   */
  groupBlockOffset(group: number, block: number): number {
    const { groupBlockCount, blockBytes } = this.superblock;
    return (group * groupBlockCount + block) * blockBytes;
  }

  /**
   * Blocks of a group.
   * @param group - its number
   * @returns 0 when there is no such group
   */
  groupBlocks(group: number): number {
    const { groupCount, groupBlockCount, blockCount } = this.superblock;
    if (group >= groupCount) return 0;
    return group < groupCount - 1 ? groupBlockCount : blockCount - group * groupBlockCount;
  }

  /**
   * Where an inode lies.
   * @param inode - its number
   * @returns bytes from the start of the volume; undefined when no inode can have this number
   */
  inodeOffset(inode: number): number | undefined {
    const { inodeInBlockBits, groupBlockBits, inodeBytes, blockBytes } = this.superblock;
    const block = Math.floor(inode / 2 ** inodeInBlockBits);
    const group = Math.floor(block / 2 ** groupBlockBits);
    const inGroup = block - group * 2 ** groupBlockBits;
    if (!Number.isSafeInteger(inode) || inode <= 0 || inGroup >= this.groupBlocks(group)) return;
    const offsetBytes = this.groupBlockOffset(group, inGroup);
    if (offsetBytes + blockBytes > this.disk.sizeBytes) return;
    return offsetBytes + (inode - block * 2 ** inodeInBlockBits) * inodeBytes;
  }

  /**
   * Number of an inode from its number inside a group.
   * @param group - number of the group
   * @param inGroup - number of the inode in it
   */
  inodeNumber(group: number, inGroup: number): number {
    const { inodeInBlockBits, groupBlockBits } = this.superblock;
    return group * 2 ** (groupBlockBits + inodeInBlockBits) + inGroup;
  }

  /**
   * The error that a structure of this volume is damaged.
   * @param place - the structure and where it lies
   * @param reason - what is wrong
   */
  damage(
    place: { readonly structure: string; readonly offsetBytes: number },
    reason: string,
  ): SecondwindError {
    const { structure, offsetBytes } = place;
    return damagedFileSystem({ kind: 'xfs', structure, offsetBytes, reason });
  }
}
