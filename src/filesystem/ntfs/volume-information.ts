import { findingOf } from '../damage.ts';
import type { FileSystemSummary } from '../file-system.ts';
import { u16le } from '../integers.ts';
import { attributeType } from './attribute.ts';
import type { FileTable } from './file-table.ts';
import { isLogDirty } from './log-file.ts';
import { loadSystemFile, type NtfsFile } from './ntfs-file.ts';
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
  const about = await readInformation(volume, table);
  const log = await readLogState(volume, table);
  const { geometry, disk } = volume;
  return {
    kind: 'ntfs',
    label: about.label,
    uuid: geometry.serialNumber,
    sizeBytes: Math.min(geometry.sizeBytes, disk.sizeBytes),
    blockBytes: geometry.clusterBytes,
    notes: [...about.notes, ...log.notes, ...notes],
    isUnclean: about.isUnclean || log.isUnclean,
  };
}

/** What one structure says of the volume. */
interface Told {
  readonly notes: readonly string[];
  /** Whether Windows would put something right before it is used. What cannot be read may say so too. */
  readonly isUnclean: boolean;
}

async function readLogState(volume: NtfsVolume, table: FileTable): Promise<Told> {
  try {
    if (!(await isLogDirty(volume, table))) return { notes: [], isUnclean: false };
    const note =
      'its journal holds changes that Windows would finish or undo; they are left as they are';
    return { notes: [note], isUnclean: true };
  } catch (error) {
    const { reason } = findingOf(error, '$LogFile');
    return { notes: [`its journal cannot be read: ${reason}`], isUnclean: true };
  }
}

/** Name and flags are no reason to refuse all the files of a volume. */
async function readInformation(
  volume: NtfsVolume,
  table: FileTable,
): Promise<Told & { readonly label: string }> {
  try {
    const file = await loadSystemFile(volume, table, systemRecord.volume);
    const label = valueOf(file, attributeType.volumeName) ?? new Uint8Array();
    return { label: utf16Text(label, 0, label.length >> 1), ...informationOf(file) };
  } catch (error) {
    const { reason } = findingOf(error, '$Volume');
    return {
      label: '',
      notes: [`its name and version cannot be read: ${reason}`],
      isUnclean: true,
    };
  }
}

// $VOLUME_INFORMATION: version at 8 (major) and 9 (minor), flags at 10.
function informationOf(file: NtfsFile): Told {
  const information = valueOf(file, attributeType.volumeInformation);
  if (information === undefined || information.length < 12)
    return { notes: ['its version is not known'], isUnclean: true };
  const version = `NTFS ${information[8]!}.${information[9]!}`;
  const isUnclean = (u16le(information, 10) & dirtyFlag) !== 0;
  const dirty = isUnclean ? ['it is marked dirty: Windows would check it first'] : [];
  return { notes: [version, ...dirty], isUnclean };
}

function valueOf(file: NtfsFile, wanted: number): Uint8Array | undefined {
  return file.attributes.find(({ type }) => type === wanted)?.value;
}
