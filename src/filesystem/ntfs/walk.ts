import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { findingOf } from '../damage.ts';
import type { Finding, WalkedFile } from '../file-system.ts';
import { type FileRecord, recordName } from './file-record.ts';
import { describeFile } from './file-status.ts';
import type { FileTable } from './file-table.ts';
import { joinRecords, namesOf, shownNames } from './ntfs-file.ts';
import { scanRecords } from './record-scan.ts';
import { firstUserRecord } from './system-files.ts';
import type { NtfsVolume } from './volume.ts';

/** How to walk. */
export interface WalkOptions {
  /** Directories whose content is not told. */
  readonly hidden: ReadonlySet<number>;
  /** Hears what could not be read. */
  readonly onFinding: (finding: Finding) => void;
}

/**
 * Every file with every name, in the order of the file records: each of them says itself where it belongs.
 * @param volume - where they lie
 * @param table - the records
 * @param options - see WalkOptions
 */
export async function* walkFiles(
  volume: NtfsVolume,
  table: FileTable,
  options: WalkOptions,
): AsyncGenerator<readonly WalkedFile[]> {
  for await (const records of scanRecords(volume, table, options.onFinding)) {
    const batch: WalkedFile[] = [];
    for (const record of records) {
      if (record.base !== undefined || record.number < firstUserRecord) continue;
      try {
        const files = walkRecord(volume, table, record, options.hidden);
        batch.push(...(files instanceof Promise ? await files : files));
      } catch (error) {
        options.onFinding(findingOf(error, recordName(record.number)));
      }
    }
    if (batch.length > 0) yield batch;
  }
}

function walkRecord(
  volume: NtfsVolume,
  table: FileTable,
  record: FileRecord,
  hidden: ReadonlySet<number>,
): Awaitable<readonly WalkedFile[]> {
  return andThen(joinRecords(volume, table, record), (file) =>
    andThen(describeFile(volume, file), (status) =>
      shownNames(namesOf(file))
        .filter(({ parent }) => !hidden.has(parent))
        .map(({ parent, name }) => ({ parent: String(parent), name, status })),
    ),
  );
}
