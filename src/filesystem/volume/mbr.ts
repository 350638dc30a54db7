/** Bytes of a master or extended boot record. */
export const bootRecordBytes = 512;

/** One of the four entries of a boot record. */
export interface BootRecordEntry {
  /** Type byte; 0 is an empty entry. */
  readonly typeCode: number;
  /** First sector. */
  readonly startSector: number;
  /** Length in sectors. */
  readonly sectorCount: number;
  /** Whether the active byte is one of the two allowed values. */
  readonly hasSaneFlag: boolean;
}

/** A master boot record, or one of the extended boot records of a chain. */
export interface BootRecord {
  /** Signature by which Windows and Linux know the disk. */
  readonly diskSignature: number;
  /** Always four, empty ones too. */
  readonly entries: readonly BootRecordEntry[];
}

/**
 * Decodes a boot record.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 440 | 4 | disk signature |
 * | 446 | 4 × 16 | entries: active byte (0), type (4), first sector (8, 4 bytes), sectors (12, 4 bytes) |
 * | 510 | 2 | 0x55 0xaa |
 * @param sector - its 512 bytes
 * @returns undefined when it does not end in 0x55 0xaa
 * @source UEFI specification 2.10, §5.2.1
 */
export function decodeBootRecord(sector: Buffer): BootRecord | undefined {
  if (sector.readUInt16LE(510) !== 0xaa55) return undefined;
  return {
    diskSignature: sector.readUInt32LE(440),
    entries: [446, 462, 478, 494].map((at) => ({
      typeCode: sector.readUInt8(at + 4),
      startSector: sector.readUInt32LE(at + 8),
      sectorCount: sector.readUInt32LE(at + 12),
      hasSaneFlag: (sector.readUInt8(at) & 0x7f) === 0,
    })),
  };
}

/**
 * Whether an entry leads to a chain of logical partitions.
 * @param entry - of any boot record
 */
export function isExtended(entry: BootRecordEntry): boolean {
  return entry.typeCode === 0x05 || entry.typeCode === 0x0f || entry.typeCode === 0x85;
}

/**
 * Whether an entry describes anything.
 * @param entry - of any boot record
 */
export function isUsed(entry: BootRecordEntry): boolean {
  return entry.typeCode !== 0 && entry.sectorCount !== 0;
}
