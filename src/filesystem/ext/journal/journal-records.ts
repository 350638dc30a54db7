import { crc32c } from '../../crc32c.ts';
import { u16be, u32be, u64be } from '../../integers.ts';
import { checksumWithout } from '../checksum.ts';
import { type JournalSuperblock, journalMagic } from './journal-superblock.ts';

/**
 * The records of a journal. Big-endian; each is a block that begins with
 *
 *   offset size field
 *        0    4 magic 0xc03b3998
 *        4    4 kind: 1 descriptor, 2 commit, 5 revocation
 *        8    4 sequence of its transaction
 *
 * A descriptor goes on with tags, one for each block that follows it in the log:
 *
 *   checksums of version 3                             otherwise
 *        0    4 block of the volume, low half          0  4 block of the volume, low half
 *        4    4 flags                                  4  2 half of a checksum, with version 2
 *        8    4 high half                              6  2 flags
 *       12    4 checksum                               8  4 high half, where blocks have 64 bits
 *                                                        2 unused, with version 2
 *      and in both 16 bytes of UUID where flag 2 is not set. Flags: 1 the block began with the magic, which was made zero;
 *      8 this is the last tag.
 *
 * A revocation goes on with the length it uses, 4 bytes, and block numbers of 4 or 8 bytes. A commit has a kind of checksum
 * at 12, its length at 13, and the checksum at 16. With checksums of version 2 and 3 descriptors and revocations end in one of 4 bytes.
 * @source kernel: include/linux/jbd2.h; fs/jbd2/recovery.c
 */
export type RecordKind = 'descriptor' | 'commit' | 'revocation';

/** Head of a record. */
export interface RecordHead {
  /** Undefined for a kind that is not known. */
  readonly kind: RecordKind | undefined;
  /** Of its transaction. */
  readonly sequence: number;
}

/** One block that a descriptor tells of. */
export interface JournalTag {
  /** Block of the volume. */
  readonly block: number;
  /** Whether its first 4 bytes must be made the magic again. */
  readonly isEscaped: boolean;
  /** Checksum of the copy in the log; 16 bits with version 2; 0 without checksums. */
  readonly checksum: number;
}

const kinds: Readonly<Record<number, RecordKind>> = {
  1: 'descriptor',
  2: 'commit',
  5: 'revocation',
};
const headBytes = 12;
const tailBytes = 4;
const uuidBytes = 16;
const tagFlags = { isEscaped: 1, hasSameUuid: 2, isLast: 8 } as const;
const commitChecksumField = { at: 16, lengthBytes: 4 } as const;
const revocationsAt = 16;

/**
 * Head of a record.
 * @param bytes - a block of the log; borrowed
 * @returns undefined when it is no record
 */
export function recordHead(bytes: Uint8Array): RecordHead | undefined {
  if (u32be(bytes, 0) !== journalMagic) return undefined;
  return { kind: kinds[u32be(bytes, 4)], sequence: u32be(bytes, 8) };
}

/**
 * Tags of a descriptor.
 * @param journal - its superblock
 * @param bytes - the record; borrowed
 */
export function decodeTags(journal: JournalSuperblock, bytes: Uint8Array): JournalTag[] {
  const found: JournalTag[] = [];
  const length = tagLength(journal);
  const end = bytes.length - (journal.hasRecordChecksums ? tailBytes : 0);
  for (let at = headBytes; at + length <= end; ) {
    const { tag, flags } = decodeTag(journal, bytes, at);
    found.push(tag);
    at += length + ((flags & tagFlags.hasSameUuid) === 0 ? uuidBytes : 0);
    if ((flags & tagFlags.isLast) !== 0) break;
  }
  return found;
}

function tagLength({ hasWideChecksums, hasRecordChecksums, is64Bit }: JournalSuperblock): number {
  if (hasWideChecksums) return 16;
  return 8 + (hasRecordChecksums ? 2 : 0) + (is64Bit ? 4 : 0);
}

function decodeTag(
  { hasWideChecksums, hasRecordChecksums, is64Bit }: JournalSuperblock,
  bytes: Uint8Array,
  at: number,
): { tag: JournalTag; flags: number } {
  const flags = hasWideChecksums ? u32be(bytes, at + 4) : u16be(bytes, at + 6);
  const high = is64Bit ? u32be(bytes, at + 8) : 0;
  const half = hasRecordChecksums ? u16be(bytes, at + 4) : 0;
  const tag = {
    block: u32be(bytes, at) + high * 2 ** 32,
    isEscaped: (flags & tagFlags.isEscaped) !== 0,
    checksum: hasWideChecksums ? u32be(bytes, at + 12) : half,
  };
  return { tag, flags };
}

/**
 * Blocks of the volume that a revocation names.
 * @param journal - its superblock
 * @param bytes - the record; borrowed
 */
export function decodeRevocations(journal: JournalSuperblock, bytes: Uint8Array): number[] {
  const step = journal.is64Bit ? 8 : 4;
  const end = Math.min(
    u32be(bytes, headBytes),
    bytes.length - (journal.hasRecordChecksums ? tailBytes : 0),
  );
  const found: number[] = [];
  for (let at = revocationsAt; at + step <= end; at += step) {
    found.push(step === 8 ? u64be(bytes, at) : u32be(bytes, at));
  }
  return found;
}

/**
 * Whether the checksum of a record fits, or it has none.
 * @param journal - its superblock
 * @param bytes - a descriptor, revocation or commit; borrowed
 * @param kind - which it is
 */
export function isRecordSound(
  journal: JournalSuperblock,
  bytes: Uint8Array,
  kind: RecordKind,
): boolean {
  if (!journal.hasRecordChecksums) return true;
  const at = kind === 'commit' ? commitChecksumField.at : bytes.length - tailBytes;
  const field = { at, lengthBytes: tailBytes };
  return checksumWithout(journal.checksumSeed, bytes, field) === u32be(bytes, at);
}

/** The checksum over a whole transaction that a commit holds. */
export interface TransactionChecksum {
  /** Whether the commit has one at all. */
  readonly isThere: boolean;
  /** CRC-32, the highest bit of each byte first. */
  readonly checksum: number;
}

/**
 * The checksum over a whole transaction, as journals of version 1 have it.
 * @param bytes - a commit; borrowed
 */
export function transactionChecksum(bytes: Uint8Array): TransactionChecksum {
  const checksum = u32be(bytes, commitChecksumField.at);
  return { isThere: bytes[12] !== 0 || bytes[13] !== 0 || checksum !== 0, checksum };
}

/**
 * Whether the copy of a block in the log is as its tag says.
 * @param journal - its superblock
 * @param copy - as it lies in the log; borrowed
 * @param expected - sequence of its transaction, and the tag's checksum
 */
export function isCopySound(
  journal: JournalSuperblock,
  copy: Uint8Array,
  expected: { readonly sequence: number; readonly checksum: number },
): boolean {
  if (!journal.hasRecordChecksums) return true;
  const { sequence } = expected;
  const number = Uint8Array.of(sequence >>> 24, sequence >>> 16, sequence >>> 8, sequence);
  const computed = crc32c(crc32c(journal.checksumSeed, number), copy);
  return (journal.hasWideChecksums ? computed : computed & 0xffff) === expected.checksum;
}
