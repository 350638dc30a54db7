import type { Micros } from '../../base/clock.ts';
import type { FileKind, FileStatus } from '../file-system.ts';
import { u32le, u64le } from '../integers.ts';

const inodeItemBytes = 160;

/** Bit of an inode's flags: its content has no checksums. */
const unsummedFlag = 1;

const flagNames: readonly (readonly [number, string])[] = [
  [0x40, 'immutable'],
  [0x80, 'append-only'],
  [0x100, 'no-dump'],
  [0x800, 'compressed'],
];

const kindsByType: Readonly<Record<number, FileKind>> = {
  0x1: 'pipe',
  0x2: 'character-device',
  0x4: 'directory',
  0x6: 'block-device',
  0x8: 'file',
  0xa: 'link',
  0xc: 'socket',
};

/** What an inode item says. */
export interface BtrfsInode {
  /** All but the identity, which depends on the subvolume. */
  readonly status: Omit<FileStatus, 'id'>;
  /** Whether its content has checksums. */
  readonly isSummedUp: boolean;
}

/**
 * Decodes an inode item.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 8 × 2 | generation it was made in, and last changed in |
 * | 16 | 8 × 2 | bytes, bytes taken |
 * | 40 | 4 × 4 | names, owner, group, mode |
 * | 56 | 8 × 2 | device, flags |
 * | 112 | 12 × 4 | times: read, status, content, made; seconds 8, nanoseconds 4 |
 * @param bytes - the item; borrowed
 * @param sectorBytes - unit in which space is taken
 * @returns a reason when it contradicts itself
 * @source Linux include/uapi/linux/btrfs_tree.h, struct btrfs_inode_item
 */
export function decodeInode(bytes: Uint8Array, sectorBytes: number): BtrfsInode | string {
  if (bytes.length < inodeItemBytes) return `it has ${bytes.length} bytes`;
  const sizeBytes = u64le(bytes, 16);
  const takenBytes = u64le(bytes, 24);
  if (!Number.isSafeInteger(sizeBytes)) return 'its size is impossible';
  const mode = u32le(bytes, 52);
  const kind = kindsByType[(mode >>> 12) & 0xf] ?? 'other';
  const flags = u32le(bytes, 64);
  return {
    isSummedUp: (flags & unsummedFlag) === 0,
    status: {
      kind,
      generation: u64le(bytes, 0),
      sizeBytes,
      allocatedBytes: Math.ceil(takenBytes / sectorBytes) * sectorBytes,
      linkCount: u32le(bytes, 40),
      mode: mode & 0o7777,
      uid: u32le(bytes, 44),
      gid: u32le(bytes, 48),
      accessedMicros: timeAt(bytes, 112),
      changedMicros: timeAt(bytes, 124),
      modifiedMicros: timeAt(bytes, 136),
      createdMicros: timeAt(bytes, 148),
      device: kind === 'block-device' || kind === 'character-device' ? deviceOf(bytes) : undefined,
      flags: flagNames.filter(([bit]) => flags & bit).map(([, name]) => name),
    },
  };
}

/** Seconds have a sign; their upper half is that of a negative number before 1970. */
function timeAt(bytes: Uint8Array, at: number): Micros {
  const high = u32le(bytes, at + 4) | 0;
  const seconds = high * 2 ** 32 + u32le(bytes, at);
  return seconds * 1_000_000 + Math.floor(u32le(bytes, at + 8) / 1000);
}

/** Device numbers as the kernel has them inside: 12 bits and 20. */
function deviceOf(bytes: Uint8Array): FileStatus['device'] {
  const packed = u32le(bytes, 56);
  return { major: packed >>> 20, minor: packed & 0xf_ffff };
}
