import type { ReadableDisk } from '../../disk/disk.ts';
import { ReadableWindow } from '../../disk/window-disk.ts';
import { type BootRecord, bootRecordBytes, decodeBootRecord, isExtended, isUsed } from './mbr.ts';
import type { PartitionTable } from './partition-table.ts';
import { readAt } from './read-at.ts';
import { readGpt } from './read-gpt.ts';
import { readMbr } from './read-mbr.ts';
import { volumeContent } from './volume-content.ts';

/** What was found where a partition table would be. */
export interface TableOutcome {
  /** The table; undefined when the disk has none that can be used. */
  readonly table?: PartitionTable | undefined;
  /** Why the table that is there cannot be used, as a sentence without its end. */
  readonly refusal?: string | undefined;
}

/**
 * Reads a disk's partition table, whichever kind it has. Where a boot record points to a GPT, the GPT is the truth, as for every system; a
 * GPT without a boot record counts only where nothing else is recognised, because the copy at the end of a disk outlives it.
 * @param disk - whole disk
 */
export async function readPartitionTable(disk: ReadableDisk): Promise<TableOutcome> {
  const sector = await readAt(disk, 0, bootRecordBytes);
  if (sector === undefined) return {};
  const record = decodeBootRecord(sector);
  if (record?.entries.some((entry) => entry.typeCode === 0xee) === true) {
    return readProtected(disk, record);
  }
  if (record !== undefined && !isBootSector(sector) && isPlausible(disk, record)) {
    return { table: await readMbr(disk, record, await sectorSize(disk, record)) };
  }
  if (isBootSector(sector) || (await volumeContent(disk)).isKnown) return {};
  const gpt = await readGpt(disk);
  return typeof gpt === 'string' ? {} : { table: gpt };
}

async function readProtected(disk: ReadableDisk, record: BootRecord): Promise<TableOutcome> {
  const gpt = await readGpt(disk);
  const others = record.entries.filter((entry) => isUsed(entry) && entry.typeCode !== 0xee);
  if (typeof gpt !== 'string') {
    const note = 'a boot record lists some of its partitions a second time (hybrid table)';
    return { table: others.length === 0 ? gpt : withNote(gpt, note) };
  }
  const fault = `both copies of its partition table (GPT) are unusable: ${gpt}`;
  if (others.length === 0) return { refusal: fault };
  const table = await readMbr(disk, record, await sectorSize(disk, record));
  return { table: withNote(table, `${fault}; what its boot record lists is shown`) };
}

function withNote(table: PartitionTable, note: string): PartitionTable {
  return { ...table, notes: [...table.notes, note] };
}

/** The first sector of FAT, NTFS and exFAT ends like a boot record, with program code where the entries would be. */
function isBootSector(sector: Buffer): boolean {
  const at = (offset: number, length: number): string =>
    sector.toString('latin1', offset, offset + length);
  if (['NTFS    ', 'EXFAT   ', '-FVE-FS-'].includes(at(3, 8))) return true;
  return at(54, 3) === 'FAT' || at(82, 5) === 'FAT32';
}

/** Whether the entries can be a partition table: something is used, on the disk, and the active bytes are sane. */
function isPlausible(disk: ReadableDisk, record: BootRecord): boolean {
  const used = record.entries.filter(isUsed);
  return (
    used.some((entry) => entry.startSector * 512 < disk.sizeBytes) &&
    record.entries.every((entry) => entry.hasSaneFlag)
  );
}

/** A boot record does not say how long its sectors are: 4096 only where something is found with it and nothing with 512. */
async function sectorSize(disk: ReadableDisk, record: BootRecord): Promise<number> {
  if ((await countKnown(disk, record, 512)) > 0) return 512;
  return (await countKnown(disk, record, 4096)) > 0 ? 4096 : 512;
}

/** Partitions whose beginning is something known when sectors are of a size. */
async function countKnown(
  disk: ReadableDisk,
  record: BootRecord,
  sectorBytes: number,
): Promise<number> {
  let count = 0;
  for (const entry of record.entries) {
    const start = entry.startSector * sectorBytes;
    if (!isUsed(entry) || start === 0) continue;
    if (await beginsKnown(disk, start, isExtended(entry))) count += 1;
  }
  return count;
}

async function beginsKnown(disk: ReadableDisk, start: number, isChain: boolean): Promise<boolean> {
  const sector = await readAt(disk, start, bootRecordBytes);
  if (sector === undefined) return false;
  if (decodeBootRecord(sector) !== undefined) return true;
  if (isChain) return false;
  const window = { offsetBytes: start, sizeBytes: disk.sizeBytes - start };
  return (await volumeContent(new ReadableWindow(disk, window))).isKnown;
}
