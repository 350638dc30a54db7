import type { FileKind, FileStatus } from '../file-system.ts';
import { viewOf } from './big-endian.ts';
import type { XfsInode } from './inode.ts';
import type { XfsVolume } from './volume.ts';

const kindsByType: Readonly<Record<number, FileKind>> = {
  0x1: 'pipe',
  0x2: 'character-device',
  0x4: 'directory',
  0x6: 'block-device',
  0x8: 'file',
  0xa: 'link',
  0xc: 'socket',
};

/** Kinds by the number that directories keep beside a name; 8 is a whiteout of an overlay. */
const kindsByEntry: readonly (FileKind | undefined)[] = [
  undefined,
  'file',
  'directory',
  'character-device',
  'block-device',
  'pipe',
  'socket',
  'link',
  'other',
];

const flagNames: readonly (readonly [number, string])[] = [
  [0x1, 'realtime'],
  [0x8, 'immutable'],
  [0x10, 'append-only'],
  [0x80, 'no-dump'],
];

/** Bit of an inode's flags that puts its content on the realtime device. */
export const realtimeFlag = 1;

/**
 * What an inode is.
 * @param inode - an inode in use
 */
export function kindOf(inode: XfsInode): FileKind {
  return kindsByType[inode.mode >>> 12] ?? 'other';
}

/**
 * What a directory says that a name is.
 * @param type - number beside the name
 * @returns undefined when it does not say
 */
export function kindOfEntry(type: number): FileKind | undefined {
  return kindsByEntry[type];
}

/**
 * Describes an inode.
 * @param volume - the volume
 * @param inode - an inode in use
 */
export function statusOf(volume: XfsVolume, inode: XfsInode): FileStatus {
  const kind = kindOf(inode);
  return {
    id: String(inode.number),
    kind,
    generation: inode.generation,
    sizeBytes: inode.sizeBytes,
    allocatedBytes: inode.blockCount * volume.superblock.blockBytes,
    linkCount: inode.linkCount,
    mode: inode.mode & 0o7777,
    uid: inode.uid,
    gid: inode.gid,
    modifiedMicros: inode.modifiedMicros,
    changedMicros: inode.changedMicros,
    accessedMicros: inode.accessedMicros,
    createdMicros: inode.createdMicros,
    device: kind === 'block-device' || kind === 'character-device' ? deviceOf(inode) : undefined,
    flags:
      inode.flags === 0
        ? []
        : flagNames.filter(([bit]) => inode.flags & bit).map(([, name]) => name),
  };
}

/** Device numbers as System V packed them: 14 bits and 18. */
function deviceOf(inode: XfsInode): FileStatus['device'] {
  const { format, literal } = inode.data;
  if (format !== 'device' || literal.length < 4) return undefined;
  const packed = viewOf(literal).getUint32(0);
  return { major: packed >>> 18, minor: packed & 0x3_ffff };
}
