import type { ReadableDisk } from '../../disk/disk.ts';
import { findingOf } from '../damage.ts';
import type { FileSystem, FileSystemReader, FileSystemSummary } from '../file-system.ts';
import { type LogState, readLogState } from './log-state.ts';
import { type FoundSuperblock, looksLikeXfs, openSuperblock } from './open-superblock.ts';
import { XfsVolume } from './volume.ts';
import { XfsFileSystem } from './xfs-file-system.ts';

/** Reads XFS, versions 4 and 5. */
export const xfsReader: FileSystemReader = {
  kinds: ['xfs'],
  recognises: looksLikeXfs,
  open,
};

const logNotes: Readonly<Record<LogState, readonly string[]>> = {
  clean: [],
  dirty: [
    'it was not cleanly unmounted: the last changes to names, sizes and places may lie only in its log, which is not replayed here; ' +
      'a mount would replay it. Where the log was behind, files may show as they were some seconds before, or as damaged',
  ],
  elsewhere: [
    'its log lies on another device, so it is not known whether it was cleanly unmounted',
  ],
};

async function open(disk: ReadableDisk): Promise<FileSystem> {
  const found = await openSuperblock(disk);
  const volume = new XfsVolume(disk, found.superblock);
  const log = await logStateOf(volume);
  return new XfsFileSystem(volume, summaryOf(disk, found, log), log);
}

/** A log that cannot be read leaves it open what it would have changed. */
async function logStateOf(volume: XfsVolume): Promise<LogState> {
  try {
    return await readLogState(volume);
  } catch (error) {
    findingOf(error, 'log');
    return 'dirty';
  }
}

function summaryOf(disk: ReadableDisk, found: FoundSuperblock, log: LogState): FileSystemSummary {
  const { label, uuid, blockCount, blockBytes, freeBlockCount } = found.superblock;
  return {
    kind: 'xfs',
    label,
    uuid,
    sizeBytes: Math.min(blockCount * blockBytes, disk.sizeBytes),
    blockBytes,
    freeBytes: freeBlockCount * blockBytes,
    notes: [...notesOf(found), ...logNotes[log]],
    isUnclean: log !== 'clean',
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
