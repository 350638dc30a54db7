import type { SecondwindError } from '../../base/errors.ts';
import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { damagedFileSystem } from '../damage.ts';
import type { FileId } from '../file-system.ts';
import { noSuchFile } from '../refusals.ts';
import { VolumeCache } from '../volume-cache.ts';
import {
  decodeGroupDescriptor,
  descriptorFault,
  type GroupDescriptor,
} from './group-descriptor.ts';
import { descriptorBlocks, descriptorsPerBlock } from './group-layout.ts';
import { decodeInode, type ExtInode, inodeFault } from './inode.ts';
import { descriptorsKeptMax } from './limits.ts';
import type { ExtSuperblock } from './superblock.ts';

/** Copies of a descriptor that are tried when the first is damaged. */
const descriptorCopiesMax = 4;

/** A volume with an ext file system: its superblock, and its blocks, descriptors and inodes by number. */
export class ExtVolume {
  readonly superblock: ExtSuperblock;
  /** What is read: the volume as it is after its journal. */
  readonly disk: ReadableDisk;
  /** Blocks that the file system and the volume both have. */
  readonly blockCount: number;
  readonly #cache: VolumeCache;
  readonly #descriptors = new Map<number, GroupDescriptor>();

  /**
   * @param disk - the volume as it is after its journal; stays its owner's
   * @param superblock - as it is after the journal
   */
  constructor(disk: ReadableDisk, superblock: ExtSuperblock) {
    this.disk = disk;
    this.superblock = superblock;
    this.blockCount = Math.min(
      superblock.blockCount,
      Math.floor(disk.sizeBytes / superblock.blockBytes),
    );
    this.#cache = new VolumeCache(disk, superblock.kind);
  }

  /**
   * The error that a structure is damaged.
   * @param structure - "inode 17, extent leaf"
   * @param offsetBytes - where it lies on the volume, bytes
   * @param reason - what is wrong with it, as the end of a sentence
   */
  damaged(structure: string, offsetBytes: number, reason: string): SecondwindError {
    return damagedFileSystem({ kind: this.superblock.kind, structure, offsetBytes, reason });
  }

  /**
   * A block of metadata.
   * @param number - which
   * @param structure - what it is, for errors
   * @returns its bytes; borrowed
   * @throws FILE_SYSTEM_DAMAGED when the volume does not have it
   */
  block(number: number, structure: string): Awaitable<Uint8Array> {
    const { blockBytes } = this.superblock;
    return this.#cache.bytes({
      offsetBytes: number * blockBytes,
      lengthBytes: blockBytes,
      structure,
    });
  }

  /**
   * The descriptor of a group, or the first of its copies that is sound.
   * @param group - less than the superblock's count
   * @throws FILE_SYSTEM_DAMAGED when none is
   */
  descriptor(group: number): Awaitable<GroupDescriptor> {
    return this.#descriptors.get(group) ?? this.#loadDescriptor(group);
  }

  #loadDescriptor(group: number): Awaitable<GroupDescriptor> {
    const [first] = descriptorBlocks(this.superblock, group, 0);
    return andThen(this.#descriptorBytes(first!, group), (bytes) =>
      descriptorFault(this.superblock, group, bytes) === undefined
        ? this.#keep(group, bytes)
        : this.#descriptorCopy(group),
    );
  }

  async #descriptorCopy(group: number): Promise<GroupDescriptor> {
    const [first, ...copies] = descriptorBlocks(this.superblock, group, descriptorCopiesMax);
    for (const block of copies) {
      if (block >= this.blockCount) continue;
      const bytes = await this.#descriptorBytes(block, group);
      if (descriptorFault(this.superblock, group, bytes) === undefined) {
        return this.#keep(group, bytes);
      }
    }
    const bytes = await this.#descriptorBytes(first!, group);
    throw this.damaged(
      `descriptor of group ${group}`,
      this.#descriptorOffset(first!, group),
      descriptorFault(this.superblock, group, bytes) ?? 'it changed while it was read',
    );
  }

  /**
   * The bytes of the first copy of a descriptor, sound or not.
   * @param group - less than the superblock's count
   * @returns them, and where they lie on the volume
   */
  async firstDescriptor(group: number): Promise<{ bytes: Uint8Array; offsetBytes: number }> {
    const [first] = descriptorBlocks(this.superblock, group, 0);
    const bytes = await this.#descriptorBytes(first!, group);
    return { bytes, offsetBytes: this.#descriptorOffset(first!, group) };
  }

  #descriptorOffset(block: number, group: number): number {
    const { blockBytes, descriptorBytes } = this.superblock;
    return block * blockBytes + (group % descriptorsPerBlock(this.superblock)) * descriptorBytes;
  }

  #descriptorBytes(block: number, group: number): Awaitable<Uint8Array> {
    return this.#cache.bytes({
      offsetBytes: this.#descriptorOffset(block, group),
      lengthBytes: this.superblock.descriptorBytes,
      structure: `descriptor of group ${group}`,
    });
  }

  #keep(group: number, bytes: Uint8Array): GroupDescriptor {
    const descriptor = decodeGroupDescriptor(this.superblock, bytes);
    if (this.#descriptors.size >= descriptorsKeptMax) this.#descriptors.clear();
    this.#descriptors.set(group, descriptor);
    return descriptor;
  }

  /**
   * An inode that a file's identity names.
   * @param id - as it was given out
   * @throws NO_SUCH_FILE, FILE_SYSTEM_DAMAGED
   */
  file(id: FileId): Awaitable<ExtInode> {
    const number = /^[1-9]\d{0,9}$/.test(id) ? Number(id) : 0;
    const { inodeCount, kind } = this.superblock;
    const isKnown = number > 0 && number <= inodeCount;
    if (!isKnown) throw noSuchFile({ path: `file ${id}`, where: kind });
    return andThen(this.inode(number), (inode) => {
      if (inode.mode === 0) throw noSuchFile({ path: `file ${id}`, where: kind });
      return inode;
    });
  }

  /**
   * An inode.
   * @param number - 1 to the superblock's count
   * @throws FILE_SYSTEM_DAMAGED when it contradicts itself
   */
  inode(number: number): Awaitable<ExtInode> {
    return andThen(this.rawInode(number), (inode) => this.soundInode(inode));
  }

  /**
   * Passes an inode on when nothing is wrong with it. One that was never used has no checksum.
   * @param inode - as it is on the volume
   * @throws FILE_SYSTEM_DAMAGED when it contradicts itself
   */
  soundInode(inode: ExtInode): ExtInode {
    if (inode.mode === 0) return inode;
    const fault = inodeFault(this.superblock, inode);
    if (fault === undefined) return inode;
    throw this.damaged(`inode ${inode.number}`, inode.offsetBytes, fault);
  }

  /**
   * An inode as it is on the volume, sound or not.
   * @param number - 1 to the superblock's count
   * @throws FILE_SYSTEM_DAMAGED when there is no room for it on the volume
   */
  rawInode(number: number): Awaitable<ExtInode> {
    const { inodesPerGroup } = this.superblock;
    const group = Math.floor((number - 1) / inodesPerGroup);
    return andThen(this.descriptor(group), (descriptor) =>
      this.#readInode(number, descriptor.inodeTable),
    );
  }

  #readInode(number: number, table: number): Awaitable<ExtInode> {
    const { inodeBytes, inodesPerGroup, blockBytes } = this.superblock;
    const offsetBytes = table * blockBytes + ((number - 1) % inodesPerGroup) * inodeBytes;
    const place = { offsetBytes, lengthBytes: inodeBytes, structure: `inode ${number}` };
    const raw = this.#cache.bytes(place);
    return andThen(raw, (bytes) => decodeInode(this.superblock, { number, offsetBytes }, bytes));
  }
}
