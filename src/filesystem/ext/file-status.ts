import type { Micros } from '../../base/clock.ts';
import type { FileKind, FileStatus } from '../file-system.ts';
import { u16le, u32le } from '../integers.ts';
import { readOnlyCompatible } from './features.ts';
import { type ExtInode, inodeFlags, modeKindMask, modeKinds } from './inode.ts';
import type { ExtSuperblock } from './superblock.ts';

const kinds: Readonly<Record<number, FileKind>> = {
  [modeKinds.pipe]: 'pipe',
  [modeKinds.characterDevice]: 'character-device',
  [modeKinds.directory]: 'directory',
  [modeKinds.blockDevice]: 'block-device',
  [modeKinds.file]: 'file',
  [modeKinds.link]: 'link',
  [modeKinds.socket]: 'socket',
};

/** Flags that matter to a person, in the order in which they are told. */
const flagWords: readonly (readonly [number, string])[] = [
  [inodeFlags.isImmutable, 'immutable'],
  [inodeFlags.isAppendOnly, 'append-only'],
  [inodeFlags.isNotDumped, 'no-dump'],
  [inodeFlags.isCompressed, 'compressed'],
  [inodeFlags.isEncrypted, 'encrypted'],
  [inodeFlags.isVerified, 'verity'],
  [inodeFlags.foldsCase, 'case-folding'],
];
const flagsTold: number = flagWords.reduce((mask, [flag]) => mask | flag, 0);
const noFlags: readonly string[] = [];

/**
 * What kind of file an inode is.
 * @param inode - to be looked at
 */
export function kindOfInode(inode: ExtInode): FileKind {
  return kinds[inode.mode & modeKindMask] ?? 'other';
}

/**
 * Describes the file of an inode.
 * @param superblock - of the file system
 * @param inode - a sound one
 */
export function statusOf(superblock: ExtSuperblock, inode: ExtInode): FileStatus {
  const { raw, extraBytes } = inode;
  const kind = kindOfInode(inode);
  return {
    id: String(inode.number),
    kind,
    generation: inode.generation,
    sizeBytes: inode.sizeBytes,
    allocatedBytes: allocatedBytes(superblock, inode),
    linkCount: inode.linkCount,
    mode: inode.mode & 0o7777,
    uid: u16le(raw, 0x2) + u16le(raw, 0x78) * 2 ** 16,
    gid: u16le(raw, 0x18) + u16le(raw, 0x7a) * 2 ** 16,
    modifiedMicros: timeAt(raw, 0x10, extraBytes >= 0xc ? 0x88 : 0),
    changedMicros: timeAt(raw, 0xc, extraBytes >= 0x8 ? 0x84 : 0),
    accessedMicros: timeAt(raw, 0x8, extraBytes >= 0x10 ? 0x8c : 0),
    createdMicros: extraBytes >= 0x18 ? timeAt(raw, 0x90, 0x94) : undefined,
    device: kind === 'block-device' || kind === 'character-device' ? deviceOf(raw) : undefined,
    flags: (inode.flags & flagsTold) === 0 ? noFlags : flagsOf(inode.flags),
  };
}

function flagsOf(flags: number): string[] {
  return flagWords.filter(([flag]) => (flags & flag) !== 0).map(([, word]) => word);
}

/** Space is counted in units of 512 bytes; in very large files, where it would not fit, in blocks. */
function allocatedBytes(superblock: ExtSuperblock, { raw, flags }: ExtInode): number {
  const hasHuge = (superblock.readOnlyCompatible & readOnlyCompatible.hasHugeFiles) !== 0;
  const count = u32le(raw, 0x1c) + (hasHuge ? u16le(raw, 0x74) * 2 ** 32 : 0);
  const isInBlocks = hasHuge && (flags & inodeFlags.countsBlocks) !== 0;
  return count * (isInBlocks ? superblock.blockBytes : 512);
}

/**
 * A time: signed seconds, and where there is room for it a word whose lower 2 bits say how often 2^32 seconds are to be added and whose
 * upper 30 bits are nanoseconds. Past the year 2255 it is no longer exact to the microsecond.
 * @source kernel: fs/ext4/ext4.h, "Extended fields will fit into an inode"
 */
function timeAt(raw: Uint8Array, secondsAt: number, extraAt: number): Micros {
  const seconds = u32le(raw, secondsAt) | 0;
  if (extraAt === 0) return seconds * 1_000_000;
  const extra = u32le(raw, extraAt);
  const epochs = extra & 3;
  return (seconds + epochs * 2 ** 32) * 1_000_000 + Math.floor((extra >>> 2) / 1000);
}

/** Small numbers are stored as they always were; others in the second word, in the form of the kernel's huge numbers. */
function deviceOf(raw: Uint8Array): { major: number; minor: number } {
  const old = u32le(raw, 0x28);
  if (old !== 0) return { major: (old >>> 8) & 0xff, minor: old & 0xff };
  const number = u32le(raw, 0x2c);
  return {
    major: (number >>> 8) & 0xfff,
    minor: (number & 0xff) | ((number >>> 12) & 0xfff00),
  };
}
