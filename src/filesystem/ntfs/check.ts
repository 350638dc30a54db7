import { findingOf } from '../damage.ts';
import type { Finding } from '../file-system.ts';
import { type FileRecord, recordName } from './file-record.ts';
import { describeFile } from './file-status.ts';
import type { FileTable } from './file-table.ts';
import { joinRecords, namesOf } from './ntfs-file.ts';
import { scanRecords } from './record-scan.ts';
import { gatherStream } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

/**
 * Walks every structure and tells what is wrong.
 * @param volume - what is checked
 * @param table - its records
 */
export async function* checkVolume(volume: NtfsVolume, table: FileTable): AsyncGenerator<Finding> {
  const found: Finding[] = [];
  for await (const records of scanRecords(volume, table, (finding) => found.push(finding))) {
    for (const record of records) {
      if (record.base !== undefined) continue;
      try {
        await checkFile(volume, table, record);
      } catch (error) {
        found.push(findingOf(error, recordName(record.number)));
      }
    }
    yield* found.splice(0);
  }
}

async function checkFile(volume: NtfsVolume, table: FileTable, record: FileRecord): Promise<void> {
  const file = await joinRecords(volume, table, record);
  await describeFile(volume, file);
  namesOf(file);
  for (const { type, name, extent } of file.attributes) {
    if (extent?.startCluster === 0)
      gatherStream(volume, file.attributes, { type, name }, file.place);
  }
}
