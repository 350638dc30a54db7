import { guidText } from '../guid-text.ts';
import { volumesMax } from '../limits.ts';
import type { GptHeader } from './gpt-header.ts';
import { gptRefusal, gptType } from './gpt-types.ts';
import type { Partition } from './partition-table.ts';

/** Type of an entry that is not used. */
const unusedType = '00000000-0000-0000-0000-000000000000';

/**
 * Decodes the array of entries of a GUID partition table.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 16 | GUID of the type |
 * | 16 | 16 | GUID of the partition |
 * | 32 | 8 | first sector |
 * | 40 | 8 | last sector, itself part of it |
 * | 56 | 72 | name, UTF-16, ended by 0 |
 * @param array - the whole array
 * @param header - what describes it
 * @param sectorBytes - size of a sector
 * @returns at most `volumesMax` partitions, those that are used and make sense
 * @source UEFI specification 2.10, §5.3.3
 */
export function decodeGptEntries(
  array: Buffer,
  header: GptHeader,
  sectorBytes: number,
): readonly Partition[] {
  const partitions: Partition[] = [];
  for (let index = 0; index < header.entryCount && partitions.length < volumesMax; index += 1) {
    const at = index * header.entryBytes;
    const partition = decodeEntry(array.subarray(at, at + header.entryBytes), sectorBytes);
    if (partition !== undefined) partitions.push({ number: index + 1, ...partition });
  }
  return partitions;
}

function decodeEntry(entry: Buffer, sectorBytes: number): Omit<Partition, 'number'> | undefined {
  const type = guidText(entry.subarray(0, 16));
  const first = Number(entry.readBigUInt64LE(32));
  const last = Number(entry.readBigUInt64LE(40));
  const isTrue = Number.isSafeInteger((last + 1) * sectorBytes) && last >= first;
  if (type === unusedType || !isTrue) return undefined;
  return {
    startBytes: first * sectorBytes,
    lengthBytes: (last - first + 1) * sectorBytes,
    type: gptType(type),
    label: nameText(entry.subarray(56, 128)),
    partitionUuid: guidText(entry.subarray(16, 32)),
    refusal: gptRefusal(type),
  };
}

function nameText(bytes: Buffer): string {
  const text = bytes.toString('utf16le');
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}
