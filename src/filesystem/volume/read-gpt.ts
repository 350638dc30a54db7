import { crc32 } from 'node:zlib';
import type { ReadableDisk } from '../../disk/disk.ts';
import { decodeGptEntries } from './gpt-entries.ts';
import { decodeGptHeader, type GptHeader } from './gpt-header.ts';
import type { PartitionTable } from './partition-table.ts';
import { readAt } from './read-at.ts';

/** Sizes of sectors that disks have, the common one first. */
const sectorSizes = [512, 4096];

/** A partition table, or in words why there is none to be read. */
export type GptOutcome = PartitionTable | string;

/**
 * Reads the GUID partition table of a disk: the first copy that is whole, at its beginning or at its end.
 * @param disk - whole disk
 * @returns the table, or what is wrong with it
 */
export async function readGpt(disk: ReadableDisk): Promise<GptOutcome> {
  const faults: string[] = [];
  for (const sectorBytes of sectorSizes) {
    const first = await readCopy(disk, sectorBytes, 1);
    if (typeof first !== 'string') return first;
    faults.push(first);
  }
  for (const sectorBytes of sectorSizes) {
    const last = await readCopy(disk, sectorBytes, Math.floor(disk.sizeBytes / sectorBytes) - 1);
    if (typeof last === 'string') continue;
    const fault = faults.find((text) => !text.includes('not there')) ?? faults[0]!;
    const note = `the first copy of its partition table cannot be used: ${fault}; the copy at its end is`;
    return { ...last, notes: [...last.notes, note] };
  }
  return faults.find((text) => !text.includes('not there')) ?? faults[0]!;
}

async function readCopy(
  disk: ReadableDisk,
  sectorBytes: number,
  sector: number,
): Promise<GptOutcome> {
  const bytes = await readAt(disk, sector * sectorBytes, sectorBytes);
  const header = bytes === undefined ? 'it is not there' : decodeGptHeader(bytes);
  if (typeof header === 'string') return header;
  if (header.ownSector !== sector) return `it says that it lies in sector ${header.ownSector}`;
  return readEntries(disk, sectorBytes, header);
}

async function readEntries(
  disk: ReadableDisk,
  sectorBytes: number,
  header: GptHeader,
): Promise<GptOutcome> {
  const arrayBytes = header.entryCount * header.entryBytes;
  const array = await readAt(disk, header.entriesSector * sectorBytes, arrayBytes);
  if (array === undefined) return 'its entries do not lie on the disk';
  if (crc32(array) !== header.entriesChecksum) return 'the checksum of its entries does not fit';
  return { partitions: decodeGptEntries(array, header, sectorBytes), notes: [] };
}
