import { createHash } from 'node:crypto';
import { Blake2BHasher, Blake2BParam } from '@napi-rs/blake-hash';
import { crc32c } from '../crc32c.ts';
import { xxhash64 } from './xxhash64.ts';

/** How a file system sums up its metadata and its content. */
export interface ChecksumKind {
  /** As mkfs.btrfs calls it. */
  readonly name: string;
  /** Bytes of a checksum. */
  readonly lengthBytes: number;
  /**
   * Sums up bytes.
   * @param bytes - borrowed
   * @returns the checksum as it is stored
   */
  sum(bytes: Uint8Array): Uint8Array;
}

const blakeBytes = 32;

/**
 * The checksums that btrfs knows, by their number.
 * @source Linux include/uapi/linux/btrfs_tree.h, enum btrfs_csum_type
 */
const kinds: readonly ChecksumKind[] = [
  { name: 'crc32c', lengthBytes: 4, sum: storedCrc32c },
  { name: 'xxhash64', lengthBytes: 8, sum: xxhash64 },
  {
    name: 'sha256',
    lengthBytes: 32,
    sum: (bytes) => createHash('sha256').update(bytes).digest(),
  },
  { name: 'blake2b', lengthBytes: blakeBytes, sum: blake2b },
];

/**
 * The kind of checksum with a number.
 * @param number - as a superblock has it
 * @returns undefined when none has it
 */
export function checksumKind(number: number): ChecksumKind | undefined {
  return kinds[number];
}

/**
 * Whether bytes have the checksum that is stored for them.
 * @param kind - how it was made
 * @param bytes - borrowed
 * @param stored - begins with the checksum; borrowed
 */
export function isSummedUp(kind: ChecksumKind, bytes: Uint8Array, stored: Uint8Array): boolean {
  const sum = kind.sum(bytes);
  for (let index = 0; index < sum.length; index += 1)
    if (sum[index] !== stored[index]) return false;
  return true;
}

function storedCrc32c(bytes: Uint8Array): Uint8Array {
  const sum = ~crc32c(0xffffffff, bytes);
  return Uint8Array.of(sum & 0xff, (sum >>> 8) & 0xff, (sum >>> 16) & 0xff, sum >>> 24);
}

/** BLAKE2b with a result of 32 bytes, which is not the first half of the usual 64. */
function blake2b(bytes: Uint8Array): Uint8Array {
  const parameters = new Blake2BParam();
  parameters.hashLength(blakeBytes);
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Blake2BHasher.withParams(parameters).update(input).digestBuffer();
}
