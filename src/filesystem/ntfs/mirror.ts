import { findingOf } from '../damage.ts';
import type { Finding } from '../file-system.ts';
import type { FileTable } from './file-table.ts';
import { streamBytes } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

/** Records that every volume keeps a copy of. */
const copiedRecords = 4;

/**
 * Compares the first records with their copy.
 * @param volume - what is checked
 * @param table - its records
 */
export async function* checkMirror(volume: NtfsVolume, table: FileTable): AsyncGenerator<Finding> {
  const { mirrorOffsetBytes, recordBytes } = volume.geometry;
  const structure = 'copy of the first file records';
  for (let number = 0; number < copiedRecords; number += 1) {
    const offsetBytes = mirrorOffsetBytes + number * recordBytes;
    try {
      const part = { offsetBytes: number * recordBytes, lengthBytes: recordBytes };
      const record = await streamBytes(volume, table.stream, part);
      const copy = await volume.cache.bytes({ offsetBytes, lengthBytes: recordBytes, structure });
      if (Buffer.compare(record, copy) === 0) continue;
      yield { severity: 'note', structure, offsetBytes, reason: `record ${number} differs` };
    } catch (error) {
      yield findingOf(error, structure);
    }
  }
}
