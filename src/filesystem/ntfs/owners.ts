import type { ByteRange, Finding, RangeOwner } from '../file-system.ts';
import { type Attribute, attributeType } from './attribute.ts';
import { type FileRecord, recordName } from './file-record.ts';
import type { FileTable } from './file-table.ts';
import type { NtfsFile } from './ntfs-file.ts';
import { scanRecords } from './record-scan.ts';
import { appendRuns, RunList } from './run-list.ts';
import { systemName } from './system-files.ts';
import type { NtfsVolume } from './volume.ts';

const uses: ReadonlyMap<number, string> = new Map([
  [attributeType.attributeList, 'attribute list'],
  [attributeType.securityDescriptor, 'security descriptor'],
  [attributeType.data, 'content'],
  [attributeType.indexAllocation, 'directory'],
  [attributeType.bitmap, 'directory'],
  [attributeType.reparsePoint, 'reparse point'],
  [attributeType.ea, 'extended attributes'],
]);

/**
 * Who owns what, record by record. Records not in use are claimed by nobody.
 * @param volume - where they lie
 * @param table - the records
 * @param onFinding - hears which records and run lists are damaged
 */
export async function* rangeOwners(
  volume: NtfsVolume,
  table: FileTable,
  onFinding: (finding: Finding) => void,
): AsyncGenerator<readonly RangeOwner[]> {
  for await (const records of scanRecords(volume, table, onFinding)) {
    const owners = records.flatMap((record) => [...ownersOf(volume, record, onFinding)]);
    if (owners.length > 0) yield owners;
  }
  yield copyOfBootSector(volume);
}

/** The copy lies in the last sector, in no cluster. */
function copyOfBootSector({ geometry, disk }: NtfsVolume): readonly RangeOwner[] {
  const { sizeBytes, sectorBytes } = geometry;
  const offsetBytes = sizeBytes - sectorBytes;
  if (sizeBytes > disk.sizeBytes) return [];
  return [{ offsetBytes, lengthBytes: sectorBytes, use: 'copy of the boot sector' }];
}

function* ownersOf(
  volume: NtfsVolume,
  record: FileRecord,
  onFinding: (finding: Finding) => void,
): Generator<RangeOwner> {
  const onFault = (reason: string): void => {
    const { offsetBytes } = record;
    onFinding({ severity: 'damage', structure: recordName(record.number), offsetBytes, reason });
  };
  const file = record.base ?? record.number;
  const system = systemName(file);
  const id = system === undefined ? String(file) : undefined;
  for (const range of recordRanges(volume, record)) yield { ...range, id, use: 'file record' };
  for (const attribute of record.attributes) {
    // The table's own content is the records, which are told one by one.
    if (file === 0 && attribute.type === attributeType.data) continue;
    const use = system ?? useOf(attribute);
    for (const range of extentRanges(volume, attribute, onFault)) yield { ...range, id, use };
  }
}

function useOf({ type, name }: Attribute): string {
  if (type === attributeType.data && name !== '') return `stream ${name}`;
  return uses.get(type) ?? `attribute 0x${type.toString(16)}`;
}

function recordRanges(volume: NtfsVolume, record: FileRecord): readonly ByteRange[] {
  return [{ offsetBytes: record.offsetBytes, lengthBytes: volume.geometry.recordBytes }];
}

/** A run that lies on the volume. */
export interface VolumeRun {
  /** First cluster on the volume. */
  readonly volumeCluster: number;
  readonly clusterCount: number;
}

/**
 * Where one piece of an attribute lies, as far as its runs are sound.
 * @param volume - where it lies
 * @param attribute - resident ones lie nowhere
 * @param onFault - hears what is wrong with its runs, as a sentence
 */
export function* volumeRuns(
  volume: NtfsVolume,
  { extent }: Attribute,
  onFault: (reason: string) => void = () => undefined,
): Generator<VolumeRun> {
  if (extent === undefined) return;
  const runs = new RunList();
  const endCluster = extent.endCluster - extent.startCluster;
  const { clusterCount: clusterMax } = volume.geometry;
  const fault = appendRuns(runs, extent.runs, { clusterCount: clusterMax, endCluster });
  if (fault !== undefined) onFault(fault);
  for (const { volumeCluster, clusterCount } of runs) {
    if (volumeCluster !== undefined) yield { volumeCluster, clusterCount };
  }
}

function extentRanges(
  volume: NtfsVolume,
  attribute: Attribute,
  onFault?: (reason: string) => void,
): readonly ByteRange[] {
  const { clusterBytes } = volume.geometry;
  return [...volumeRuns(volume, attribute, onFault)].map(({ volumeCluster, clusterCount }) => ({
    offsetBytes: volumeCluster * clusterBytes,
    lengthBytes: clusterCount * clusterBytes,
  }));
}

/**
 * Where all of one file lies: its records, content, streams and index.
 * @param volume - where it lies
 * @param file - which
 * @returns spans in ascending order, merged
 */
export function fileRanges(volume: NtfsVolume, file: NtfsFile): readonly ByteRange[] {
  const records = file.records.flatMap((record) => recordRanges(volume, record));
  const content = file.attributes.flatMap((attribute) => extentRanges(volume, attribute));
  return mergedRanges([...records, ...content]);
}

function mergedRanges(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const merged: { offsetBytes: number; lengthBytes: number }[] = [];
  for (const range of ranges.toSorted((left, right) => left.offsetBytes - right.offsetBytes)) {
    const last = merged.at(-1);
    const lastEnd = last === undefined ? -1 : last.offsetBytes + last.lengthBytes;
    const end = range.offsetBytes + range.lengthBytes;
    if (last === undefined || range.offsetBytes > lastEnd) merged.push({ ...range });
    else last.lengthBytes = Math.max(lastEnd, end) - last.offsetBytes;
  }
  return merged;
}
