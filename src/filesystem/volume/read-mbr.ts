import type { ReadableDisk } from '../../disk/disk.ts';
import { volumesMax } from '../limits.ts';
import {
  type BootRecord,
  type BootRecordEntry,
  bootRecordBytes,
  decodeBootRecord,
  isExtended,
  isUsed,
} from './mbr.ts';
import { bootRecordType } from './mbr-types.ts';
import type { Partition, PartitionTable } from './partition-table.ts';
import { readAt } from './read-at.ts';

/** Type by which a boot record says that the GPT behind it is the true table. */
const protectiveType = 0xee;

/**
 * Reads the partitions that a master boot record describes, logical ones too.
 * @param disk - what the record was read from
 * @param record - its first sector
 * @param sectorBytes - unit of its numbers
 */
export async function readMbr(
  disk: ReadableDisk,
  record: BootRecord,
  sectorBytes: number,
): Promise<PartitionTable> {
  const partitions: Partition[] = [];
  const notes: string[] = [];
  const { entries } = record;
  for (const [index, entry] of entries.entries()) {
    if (!isUsed(entry) || isExtended(entry) || entry.typeCode === protectiveType) continue;
    partitions.push(partitionOf({ record, entry, sectorBytes }, index + 1, entry.startSector));
  }
  const extended = entries.find((entry) => isUsed(entry) && isExtended(entry));
  if (extended !== undefined) {
    const chain = new LogicalChain(disk, sectorBytes, extended.startSector);
    let number = 5;
    for await (const { entry, startSector } of chain.entries()) {
      partitions.push(partitionOf({ record, entry, sectorBytes }, number, startSector));
      number += 1;
    }
    notes.push(...chain.notes);
  }
  return { partitions, notes };
}

/** An entry and what its numbers mean. */
interface EntryContext {
  readonly record: BootRecord;
  readonly entry: BootRecordEntry;
  readonly sectorBytes: number;
}

function partitionOf(context: EntryContext, number: number, startSector: number): Partition {
  const { record, entry, sectorBytes } = context;
  const signature = record.diskSignature.toString(16).padStart(8, '0');
  return {
    number,
    startBytes: startSector * sectorBytes,
    lengthBytes: entry.sectorCount * sectorBytes,
    type: bootRecordType(entry.typeCode),
    label: '',
    partitionUuid: `${signature}-${number.toString(16).padStart(2, '0')}`,
    refusal: entry.typeCode === 0x42 ? 'it belongs to a Windows dynamic disk' : undefined,
  };
}

/**
 * The chain of extended boot records. Each holds one logical partition, counted from the record itself, and one link, counted from
 * where the extended partition begins. A record met twice would be a circle.
 */
class LogicalChain {
  /** What is wrong with the chain. */
  readonly notes: string[] = [];
  readonly #disk: ReadableDisk;
  readonly #sectorBytes: number;
  readonly #firstSector: number;

  constructor(disk: ReadableDisk, sectorBytes: number, firstSector: number) {
    this.#disk = disk;
    this.#sectorBytes = sectorBytes;
    this.#firstSector = firstSector;
  }

  /** The logical partitions with their first sectors. */
  async *entries(): AsyncGenerator<{ entry: BootRecordEntry; startSector: number }> {
    const met = new Set<number>();
    let sector: number | undefined = this.#firstSector;
    while (sector !== undefined) {
      const record: BootRecord | undefined = met.has(sector)
        ? undefined
        : await this.#record(sector);
      if (record === undefined || met.size >= volumesMax) {
        const what = met.has(sector) ? 'goes in a circle' : record ? 'is too long' : 'is broken';
        this.notes.push(`its chain of logical partitions ${what} at sector ${sector}`);
        return;
      }
      met.add(sector);
      for (const entry of record.entries) {
        if (!isUsed(entry) || isExtended(entry)) continue;
        yield { entry, startSector: sector + entry.startSector };
      }
      const link = record.entries.find((entry) => isUsed(entry) && isExtended(entry));
      sector = link === undefined ? undefined : this.#firstSector + link.startSector;
    }
  }

  async #record(sector: number): Promise<BootRecord | undefined> {
    const bytes = await readAt(this.#disk, sector * this.#sectorBytes, bootRecordBytes);
    return bytes === undefined ? undefined : decodeBootRecord(bytes);
  }
}
