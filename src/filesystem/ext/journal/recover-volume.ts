import { isSecondwindError } from '../../../base/errors.ts';
import type { ReadableDisk } from '../../../disk/disk.ts';
import { findingOf } from '../../damage.ts';
import type { ByteRange, Finding } from '../../file-system.ts';
import type { ExtVolume } from '../ext-volume.ts';
import { journalBlocksMax } from '../limits.ts';
import { hasFastCommits } from './fast-commit.ts';
import { JournalFile } from './journal-file.ts';
import { decodeJournalSuperblock } from './journal-superblock.ts';
import { replayJournal } from './replay-journal.ts';
import { ReplayedDisk } from './replayed-disk.ts';

/** A volume as it is after its journal, and what is to be said of that. */
export interface RecoveredVolume {
  readonly disk: ReadableDisk;
  /** For the summary. */
  readonly notes: readonly string[];
  /** For the check: what is wrong with the journal itself. */
  readonly check: () => AsyncIterable<Finding> | Iterable<Finding>;
  /** Whether newer changes are known to be missing, so that what is allocated is not clear. */
  readonly isPartial: boolean;
  /** Spans of the volume that read as the journal has them. */
  readonly replayed: readonly ByteRange[];
}

const fastCommitsNote =
  'its journal holds fast commits, which are not replayed: what was done in the last seconds may be missing';

const noJournal: Finding = {
  severity: 'damage',
  structure: 'journal',
  reason: 'its inode is not in use',
};

/**
 * Replays the journal of a volume in memory. A journal that cannot be read is told of, and the volume shown without it.
 * @param volume - as it is on the disk
 */
export async function recoverVolume(volume: ExtVolume): Promise<RecoveredVolume> {
  const { journalInode, journalDevice } = volume.superblock;
  if (journalInode === 0 && journalDevice !== 0) {
    return unrecovered(volume, {
      severity: 'note',
      structure: 'journal',
      reason: 'it lies on another device',
    });
  }
  try {
    const inode = await volume.file(String(journalInode));
    return await recovered(volume, new JournalFile(volume, inode));
  } catch (error) {
    if (isSecondwindError(error, 'NO_SUCH_FILE')) return unrecovered(volume, noJournal);
    return unrecovered(volume, findingOf(error, 'journal'));
  }
}

async function recovered(volume: ExtVolume, file: JournalFile): Promise<RecoveredVolume> {
  const blocksMax = Math.min(file.blockCount, journalBlocksMax);
  const journal = decodeJournalSuperblock(await file.block(0), blocksMax);
  if (typeof journal === 'string') throw volume.damaged('journal', file.offsetBytes, journal);
  if (journal.start === 0)
    return { disk: volume.disk, notes: [], check: () => [], isPartial: false, replayed: [] };
  const { blocks, transactionCount, nextSequence } = await replayJournal(volume, file, journal);
  const disk = new ReplayedDisk(volume, journal, blocks);
  const note = `its journal was replayed in memory: ${blocks.size} blocks of ${transactionCount} transactions`;
  const isPartial =
    journal.hasFastCommits &&
    journal.end + 1 < file.blockCount &&
    hasFastCommits(await file.block(journal.end + 1), nextSequence);
  const notes = isPartial ? [note, fastCommitsNote] : [note];
  return { disk, notes, check: () => disk.check(), isPartial, replayed: disk.replaced };
}

function unrecovered(volume: ExtVolume, finding: Finding): RecoveredVolume {
  const note = `its journal could not be replayed (${finding.reason}): the newest changes are missing or half made`;
  return {
    disk: volume.disk,
    notes: [note],
    check: () => [finding],
    isPartial: true,
    replayed: [],
  };
}
