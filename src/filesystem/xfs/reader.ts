import type { ReadableDisk } from '../../disk/disk.ts';
import type { FileSystem, FileSystemReader, FileSystemSummary } from '../file-system.ts';
import { type FoundSuperblock, looksLikeXfs, openSuperblock } from './open-superblock.ts';
import { XfsVolume } from './volume.ts';
import { XfsFileSystem } from './xfs-file-system.ts';

/** Reads XFS, versions 4 and 5. */
export const xfsReader: FileSystemReader = {
  kinds: ['xfs'],
  recognises: looksLikeXfs,
  open,
};

async function open(disk: ReadableDisk): Promise<FileSystem> {
  const found = await openSuperblock(disk);
  return new XfsFileSystem(new XfsVolume(disk, found.superblock), summaryOf(disk, found));
}

function summaryOf(disk: ReadableDisk, found: FoundSuperblock): FileSystemSummary {
  const { label, uuid, blockCount, blockBytes, freeBlockCount } = found.superblock;
  return {
    kind: 'xfs',
    label,
    uuid,
    sizeBytes: Math.min(blockCount * blockBytes, disk.sizeBytes),
    blockBytes,
    freeBytes: freeBlockCount * blockBytes,
    notes: notesOf(found),
  };
}

function notesOf({ superblock, primaryFault }: FoundSuperblock): readonly string[] {
  const notes: string[] = [];
  if (primaryFault !== undefined)
    notes.push(`its first superblock is damaged (${primaryFault}); a copy was used`);
  if (superblock.needsRepair) notes.push('a repair of it was begun and not finished');
  if (superblock.hasRealtime)
    notes.push('files on its realtime device cannot be read: that is another disk');
  return notes;
}
