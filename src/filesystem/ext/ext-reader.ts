import type { ReadableDisk } from '../../disk/disk.ts';
import type { FileSystem, FileSystemReader, FileSystemSummary } from '../file-system.ts';
import { cannotLookInside } from '../refusals.ts';
import { ExtFileSystem } from './ext-file-system.ts';
import { ExtVolume } from './ext-volume.ts';
import { whyUnreadable } from './features.ts';
import { readSuperblock } from './read-superblock.ts';
import { type ExtSuperblock, isSuperblock, superblockOffsetBytes } from './superblock.ts';

/** Reads ext2, ext3 and ext4. */
export const extReader: FileSystemReader = {
  kinds: ['ext2', 'ext3', 'ext4'],
  recognises: (head) => isSuperblock(head.subarray(superblockOffsetBytes)),
  open: openExt,
};

async function openExt(disk: ReadableDisk): Promise<FileSystem> {
  const { superblock, note } = await readSuperblock(disk);
  const reason = whyUnreadable(superblock);
  if (reason !== undefined) throw cannotLookInside('the volume', reason);
  const volume = new ExtVolume(disk, superblock);
  const notes = [...(note === undefined ? [] : [note]), ...stateNotes(superblock)];
  return new ExtFileSystem(volume, summaryOf(volume, notes));
}

function stateNotes({ hasErrors, wasUnmounted }: ExtSuperblock): string[] {
  const notes: string[] = [];
  if (!wasUnmounted) notes.push('it was not cleanly unmounted');
  if (hasErrors) notes.push('its system has noted errors in it');
  return notes;
}

function summaryOf(volume: ExtVolume, notes: readonly string[]): FileSystemSummary {
  const { kind, label, uuid, blockBytes, freeBlockCount } = volume.superblock;
  const sizeBytes = volume.blockCount * blockBytes;
  const freeBytes = Math.min(freeBlockCount * blockBytes, sizeBytes);
  return { kind, label, uuid, sizeBytes, blockBytes, freeBytes, notes };
}
