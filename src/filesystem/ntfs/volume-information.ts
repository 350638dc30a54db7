import { findingOf } from '../damage.ts';
import type { FileSystemSummary } from '../file-system.ts';
import { u16le } from '../integers.ts';
import { attributeType } from './attribute.ts';
import type { FileTable } from './file-table.ts';
import { isLogDirty } from './log-file.ts';
import { loadFile, type NtfsFile } from './ntfs-file.ts';
import { systemRecord } from './system-files.ts';
import { utf16Text } from './utf16-text.ts';
import type { NtfsVolume } from './volume.ts';

const dirtyFlag = 1;

/**
 * About a volume as a whole.
 * @param volume - which
 * @param table - its records
 * @param notes - what was noticed before
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function summarise(
  volume: NtfsVolume,
  table: FileTable,
  notes: readonly string[],
): Promise<FileSystemSummary> {
  const file = await loadFile(volume, table, systemRecord.volume);
  const label = valueOf(file, attributeType.volumeName) ?? new Uint8Array();
  const { geometry, disk } = volume;
  return {
    kind: 'ntfs',
    label: utf16Text(label, 0, label.length >> 1),
    uuid: geometry.serialNumber,
    sizeBytes: Math.min(geometry.sizeBytes, disk.sizeBytes),
    blockBytes: geometry.clusterBytes,
    notes: [...informationNotes(file), ...(await logNotes(volume, table)), ...notes],
  };
}

async function logNotes(volume: NtfsVolume, table: FileTable): Promise<readonly string[]> {
  try {
    if (!(await isLogDirty(volume, table))) return [];
    return [
      'its journal holds changes that Windows would finish or undo; they are left as they are',
    ];
  } catch (error) {
    return [`its journal cannot be read: ${findingOf(error, '$LogFile').reason}`];
  }
}

// $VOLUME_INFORMATION: version at 8 (major) and 9 (minor), flags at 10.
function informationNotes(file: NtfsFile): readonly string[] {
  const information = valueOf(file, attributeType.volumeInformation);
  if (information === undefined || information.length < 12) return ['its version is not known'];
  const version = `NTFS ${information[8]!}.${information[9]!}`;
  const isDirty = (u16le(information, 10) & dirtyFlag) !== 0;
  return isDirty ? [version, 'it is marked dirty: Windows would check it first'] : [version];
}

function valueOf(file: NtfsFile, wanted: number): Uint8Array | undefined {
  return file.attributes.find(({ type }) => type === wanted)?.value;
}
