import { u16le, u64le } from '../integers.ts';

const inlineStart = 21;
const regularBytes = 53;

/** How content is compressed. */
export type Compression = 'none' | 'zlib' | 'lzo' | 'zstd';

const compressions: readonly Compression[] = ['none', 'zlib', 'lzo', 'zstd'];

/** Content that lies in the tree itself. */
export interface InlineExtent {
  readonly form: 'inline';
  readonly compression: Compression;
  /** Length when it is not compressed, bytes. */
  readonly plainBytes: number;
  /** As it is stored; borrowed. */
  readonly stored: Uint8Array;
}

/** Content that lies in an extent, or a hole. */
export interface RegularExtent {
  readonly form: 'regular';
  readonly compression: Compression;
  /** Length of the whole extent when it is not compressed, bytes. */
  readonly plainBytes: number;
  /** Where the extent lies in the address space, bytes; 0 for a hole. */
  readonly logicalBytes: number;
  /** Length of the extent as it is stored, bytes. */
  readonly storedBytes: number;
  /** Where in the plain content of the extent the file's part begins, bytes. */
  readonly skipBytes: number;
  /** Length of the file's part, bytes. */
  readonly lengthBytes: number;
  /** Whether it was set aside but never written: it reads as zeroes. */
  readonly isUnwritten: boolean;
}

/**
 * Decodes an item that says where a part of a file's content lies.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 8 | 8 | bytes when not compressed |
 * | 16 | 1 × 2 + 2 | compression, encryption, other encoding |
 * | 20 | 1 | 0 inline, 1 regular, 2 set aside |
 * | 21 | | inline: the content |
 * | 21 | 8 × 4 | else: address, bytes stored, bytes skipped, bytes of the file |
 * @param bytes - the item; borrowed, and lent on
 * @returns a reason when it contradicts itself or is not understood
 * @source Linux include/uapi/linux/btrfs_tree.h, struct btrfs_file_extent_item
 */
export function decodeFileExtent(bytes: Uint8Array): InlineExtent | RegularExtent | string {
  if (bytes.length < inlineStart) return 'it is too short';
  const compression = compressions[bytes[16]!];
  if (compression === undefined || bytes[17] !== 0 || u16le(bytes, 18) !== 0)
    return 'its content is stored in a way that is not known';
  const plainBytes = u64le(bytes, 8);
  const type = bytes[20]!;
  if (type === 0)
    return { form: 'inline', compression, plainBytes, stored: bytes.subarray(inlineStart) };
  if (type > 2 || bytes.length < regularBytes) return `its type is ${type}`;
  const extent: RegularExtent = {
    form: 'regular',
    compression,
    plainBytes,
    logicalBytes: u64le(bytes, 21),
    storedBytes: u64le(bytes, 29),
    skipBytes: u64le(bytes, 37),
    lengthBytes: u64le(bytes, 45),
    isUnwritten: type === 2,
  };
  return contradiction(extent) ?? extent;
}

function contradiction(extent: RegularExtent): string | undefined {
  const { logicalBytes, storedBytes, skipBytes, lengthBytes, plainBytes, compression } = extent;
  if (lengthBytes <= 0 || !Number.isSafeInteger(skipBytes + lengthBytes)) return 'it is empty';
  if (logicalBytes === 0) return undefined;
  if (!Number.isSafeInteger(logicalBytes + storedBytes)) return 'it lies behind every end';
  const availableBytes = compression === 'none' ? storedBytes : plainBytes;
  return skipBytes + lengthBytes > availableBytes ? 'it is longer than its extent' : undefined;
}
