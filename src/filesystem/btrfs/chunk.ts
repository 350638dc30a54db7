import { u16le, u64le } from '../integers.ts';

/** Bytes of a chunk item before its stripes. */
const headBytes = 48;
const stripeBytes = 32;
/** Copies that one chunk may have on a device: two with DUP, with room to spare. */
const stripesMax = 64;

const profileBits = { striped: 0x8, mirroredStripes: 0x40, parity5: 0x80, parity6: 0x100 };

/** A part of the address space of a volume, and where its copies lie. */
export interface Chunk {
  /** Start in the address space, bytes. */
  readonly logicalBytes: number;
  readonly lengthBytes: number;
  /** Where each copy on our device begins, bytes from the start of the device; empty when all are on others. */
  readonly copies: readonly number[];
  /** Why its bytes cannot be found on one device alone: "they are striped over 3 devices". */
  readonly closedBecause?: string | undefined;
  /** Bytes of its item, for whoever reads one after the other. */
  readonly itemBytes: number;
}

/**
 * Decodes a chunk item.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 8 | bytes |
 * | 24 | 8 | kind and profile |
 * | 44 | 2 × 2 | stripes, stripes that belong together |
 * | 48 | 32 × | stripes: device 8, place on it 8, UUID of the device 16 |
 * @param bytes - begins with the item; borrowed
 * @param logicalBytes - from its key
 * @param device - number of our device
 * @returns a reason when it contradicts itself
 * @source Linux include/uapi/linux/btrfs_tree.h, struct btrfs_chunk
 */
export function decodeChunk(
  bytes: Uint8Array,
  logicalBytes: number,
  device: number,
): Chunk | string {
  if (bytes.length < headBytes) return 'it is too short for a chunk';
  const lengthBytes = u64le(bytes, 0);
  const stripeCount = u16le(bytes, 44);
  const itemBytes = headBytes + stripeCount * stripeBytes;
  if (stripeCount < 1 || itemBytes > bytes.length) return `it has ${stripeCount} stripes`;
  if (lengthBytes <= 0 || !Number.isSafeInteger(logicalBytes + lengthBytes))
    return `it has ${lengthBytes} bytes`;
  const profile = u64le(bytes, 24) % 2 ** 32;
  return {
    logicalBytes,
    lengthBytes,
    copies: copiesOn(bytes, Math.min(stripeCount, stripesMax), device),
    closedBecause: closure(profile, stripeCount),
    itemBytes,
  };
}

function copiesOn(bytes: Uint8Array, stripeCount: number, device: number): readonly number[] {
  const stripes = Array.from(
    { length: stripeCount },
    (_, index) => headBytes + index * stripeBytes,
  );
  return stripes.filter((at) => u64le(bytes, at) === device).map((at) => u64le(bytes, at + 8));
}

/** With a single stripe every profile comes to the same. */
function closure(profile: number, stripeCount: number): string | undefined {
  const { striped, mirroredStripes, parity5, parity6 } = profileBits;
  if (stripeCount === 1) return undefined;
  return profile & (striped | mirroredStripes | parity5 | parity6)
    ? `they are striped over ${stripeCount} devices`
    : undefined;
}
