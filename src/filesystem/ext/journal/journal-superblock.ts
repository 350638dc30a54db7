import { crc32c } from '../../crc32c.ts';
import { u32be } from '../../integers.ts';
import { checksumWithout } from '../checksum.ts';

/**
 * The first block of a journal. Big-endian:
 *
 *   offset size field
 *     0x00   12 header: magic, kind 3 or 4, sequence
 *     0x0c    4 block size
 *     0x10    4 blocks
 *     0x14    4 first block of the log
 *     0x18    4 sequence of the first transaction
 *     0x1c    4 block where it begins, 0 when there is nothing to replay
 *     0x24   12 features: compatible, incompatible, read-only compatible
 *     0x30   16 UUID
 *     0x50    1 kind of checksum, 4 is CRC-32C
 *     0x54    4 blocks at the end for fast commits, 0 for 256
 *     0xfc    4 CRC-32C of the first 1024 bytes
 * @source kernel: include/linux/jbd2.h, struct journal_superblock_s; Documentation/filesystems/ext4/journal.rst
 */
export interface JournalSuperblock {
  /** Blocks of the journal. */
  readonly blockCount: number;
  /** First block of the log. */
  readonly first: number;
  /** Block behind the last of the log. */
  readonly end: number;
  /** Sequence of the first transaction. */
  readonly sequence: number;
  /** Block where it begins, 0 when there is nothing to replay. */
  readonly start: number;
  /** Whether commit records hold a CRC-32 of the whole transaction. */
  readonly hasTransactionChecksums: boolean;
  /** Whether each kind of record has a checksum. */
  readonly hasRecordChecksums: boolean;
  /** Whether each block that is replayed has a whole checksum, rather than half of one. */
  readonly hasWideChecksums: boolean;
  /** Whether block numbers have 64 bits. */
  readonly is64Bit: boolean;
  /** Whether blocks at the end are for fast commits, from `end` + 1 on. */
  readonly hasFastCommits: boolean;
  /** State of the CRC-32C before any record. */
  readonly checksumSeed: number;
}

/** Mark at the start of every block of a journal that is no copy. */
export const journalMagic = 0xc03b3998;

const superblockBytes = 1024;
const checksumField = { at: 0xfc, lengthBytes: 4 } as const;
const fastCommitBlocksDefault = 256;
const features = {
  hasTransactionChecksums: 1,
  hasRevocations: 1,
  is64Bit: 2,
  hasAsynchronousCommits: 4,
  hasChecksums2: 8,
  hasChecksums3: 16,
  hasFastCommits: 32,
} as const;
const understood = 63;

/**
 * Decodes the superblock of a journal.
 * @param bytes - the journal's first block; borrowed
 * @param journalBlocks - blocks that the journal really has
 * @returns it, or why it cannot be used, as the end of a sentence
 */
export function decodeJournalSuperblock(
  bytes: Uint8Array,
  journalBlocks: number,
): JournalSuperblock | string {
  const kind = u32be(bytes, 4);
  if (u32be(bytes, 0) !== journalMagic || (kind !== 3 && kind !== 4)) return 'it has no superblock';
  const incompatible = kind === 4 ? u32be(bytes, 0x28) : 0;
  if ((incompatible & ~understood) !== 0) {
    return `it has features unknown here (0x${incompatible.toString(16)})`;
  }
  const has = (mask: number): boolean => (incompatible & mask) !== 0;
  const hasRecordChecksums = has(features.hasChecksums2 | features.hasChecksums3);
  if (hasRecordChecksums && !hasRightChecksum(bytes))
    return 'the checksum of its superblock does not fit';
  const compatible = kind === 4 ? u32be(bytes, 0x24) : 0;
  const blockCount = u32be(bytes, 0x10);
  const fastCommitBlocks = u32be(bytes, 0x54) || fastCommitBlocksDefault;
  const found: JournalSuperblock = {
    blockCount,
    first: u32be(bytes, 0x14),
    end: has(features.hasFastCommits) ? blockCount - fastCommitBlocks : blockCount,
    sequence: u32be(bytes, 0x18),
    start: u32be(bytes, 0x1c),
    hasTransactionChecksums: (compatible & features.hasTransactionChecksums) !== 0,
    hasRecordChecksums,
    hasWideChecksums: has(features.hasChecksums3),
    is64Bit: has(features.is64Bit),
    hasFastCommits: has(features.hasFastCommits),
    checksumSeed: crc32c(~0, bytes.subarray(0x30, 0x40)),
  };
  return geometryFault(found, journalBlocks, u32be(bytes, 0xc) === bytes.length) ?? found;
}

function geometryFault(
  { blockCount, first, end, start }: JournalSuperblock,
  journalBlocks: number,
  hasRightBlocks: boolean,
): string | undefined {
  if (!hasRightBlocks) return 'its block size is not that of the file system';
  if (blockCount > journalBlocks) return 'it is shorter than it says';
  const isLog = first > 0 && first < end && (start === 0 || (start >= first && start < end));
  return isLog ? undefined : 'its log lies outside of it';
}

function hasRightChecksum(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, superblockBytes);
  return checksumWithout(~0, head, checksumField) === u32be(bytes, checksumField.at);
}
