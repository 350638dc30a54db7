import type { ReadableDisk } from '../../disk/disk.ts';
import { damagedFileSystem } from '../damage.ts';
import {
  decodeSuperblock,
  type ExtSuperblock,
  superblockBytes,
  superblockFault,
  superblockOffsetBytes,
} from './superblock.ts';

/** A superblock, and what is to be said about where it was found. */
export interface FoundSuperblock {
  readonly superblock: ExtSuperblock;
  /** For the summary; undefined when it was the first. */
  readonly note?: string | undefined;
}

/** Groups that have a copy on nearly every file system. */
const copyGroups = [1, 3, 5, 7, 9];

/**
 * Reads the superblock, or when it is damaged the first of its copies that is not. Where copies lie depends on the block size, which is
 * then unknown, so those of every size are tried, with groups as mke2fs makes them.
 * @param disk - the volume
 * @throws FILE_SYSTEM_DAMAGED when none is sound
 */
export async function readSuperblock(disk: ReadableDisk): Promise<FoundSuperblock> {
  const bytes = await bytesAt(disk, superblockOffsetBytes);
  const fault = bytes === undefined ? 'the volume ends before it' : superblockFault(bytes);
  if (fault === undefined) return { superblock: decodeSuperblock(bytes!) };
  for (const { group, offsetBytes } of copyPlaces()) {
    const copy = await bytesAt(disk, offsetBytes);
    if (copy === undefined || superblockFault(copy) !== undefined) continue;
    const superblock = decodeSuperblock(copy);
    if (superblock.ownGroup !== group) continue;
    return {
      superblock,
      note: `its superblock is damaged, and the copy in group ${group} was used`,
    };
  }
  throw damagedFileSystem({
    kind: 'ext4',
    structure: 'superblock',
    offsetBytes: superblockOffsetBytes,
    reason: `${fault}, and no copy is sound`,
  });
}

function copyPlaces(): { group: number; offsetBytes: number }[] {
  return [4096, 1024, 2048, 8192, 16_384, 32_768, 65_536].flatMap((blockBytes) =>
    copyGroups.map((group) => ({ group, offsetBytes: copyOffset(blockBytes, group) })),
  );
}

function copyOffset(blockBytes: number, group: number): number {
  const firstBlock = blockBytes === 1024 ? 1 : 0;
  return (firstBlock + group * blockBytes * 8) * blockBytes;
}

async function bytesAt(disk: ReadableDisk, offsetBytes: number): Promise<Uint8Array | undefined> {
  if (offsetBytes + superblockBytes > disk.sizeBytes) return undefined;
  const bytes = new Uint8Array(superblockBytes);
  await disk.read(bytes, offsetBytes);
  return bytes;
}
