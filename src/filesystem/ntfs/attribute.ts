// One attribute of a file record: a header, then either its value (resident) or where the value lies on the volume.
//
//   offset size field                       non-resident:
//     0x00    4 type                          0x10    8 first cluster of this piece within the stream
//     0x04    4 length of the attribute       0x18    8 last cluster of this piece
//     0x08    1 1 when non-resident           0x20    2 offset of the run list
//     0x09    1 length of the name, units     0x22    1 clusters of a compression unit, power of two; 0 when none
//     0x0a    2 offset of the name            0x28    8 allocated bytes   } only in the piece
//     0x0c    2 flags                         0x30    8 bytes of content  } that begins
//     0x0e    2 number                        0x38    8 initialised bytes } at cluster 0
//   resident:                                 0x40    8 bytes on the volume, when compressed or sparse
//     0x10    4 length of the value
//     0x14    2 offset of the value
import { u16le, u32le, u64le } from '../integers.ts';
import { utf16Text } from './utf16-text.ts';

/** Types of attributes that are read. */
export const attributeType = {
  standardInformation: 0x10,
  attributeList: 0x20,
  fileName: 0x30,
  objectId: 0x40,
  securityDescriptor: 0x50,
  volumeName: 0x60,
  volumeInformation: 0x70,
  data: 0x80,
  indexRoot: 0x90,
  indexAllocation: 0xa0,
  bitmap: 0xb0,
  reparsePoint: 0xc0,
  eaInformation: 0xd0,
  ea: 0xe0,
} as const;

/** Bits of an attribute's flags. */
export const attributeFlag = { compressed: 0x0001, encrypted: 0x4000, sparse: 0x8000 } as const;

/** Where the value of an attribute lies, or a piece of it. */
export interface AttributeExtent {
  /** First cluster of this piece within the stream. */
  readonly startCluster: number;
  /** Cluster behind the last of this piece. */
  readonly endCluster: number;
  /** The encoded runs; borrowed from the record. */
  readonly runs: Uint8Array;
  /** Clusters of a compression unit as a power of two; 0 when there are none. */
  readonly unitExponent: number;
  readonly allocatedBytes: number;
  readonly sizeBytes: number;
  readonly initialisedBytes: number;
  /** Bytes taken on the volume: fewer than allocated when compressed or sparse. */
  readonly storedBytes: number;
}

/** One attribute, or one piece of it. */
export interface Attribute {
  /** See attributeType. */
  readonly type: number;
  /** Empty for the unnamed one. */
  readonly name: string;
  /** See attributeFlag. */
  readonly flags: number;
  /** The value when it is resident; borrowed from the record. */
  readonly value?: Uint8Array | undefined;
  /** Where the value lies when it is not. */
  readonly extent?: AttributeExtent | undefined;
}

/**
 * Decodes one attribute.
 * @param bytes - the attribute, as long as its header says; borrowed
 * @returns what is wrong with it when it contradicts itself
 * @source Linux fs/ntfs3/ntfs.h, struct ATTRIB
 */
export function decodeAttribute(bytes: Uint8Array): Attribute | string {
  const nameUnits = bytes[9]!;
  const nameAt = u16le(bytes, 0x0a);
  if (nameUnits > 0 && nameAt + 2 * nameUnits > bytes.length) return 'its name leaves it';
  const attribute = {
    type: u32le(bytes, 0),
    name: nameUnits === 0 ? '' : utf16Text(bytes, nameAt, nameUnits),
    flags: u16le(bytes, 0x0c),
  };
  if (bytes[8] !== 0) {
    const extent = decodeExtent(bytes);
    return typeof extent === 'string' ? extent : { ...attribute, extent };
  }
  const valueAt = u16le(bytes, 0x14);
  const valueEnd = valueAt + u32le(bytes, 0x10);
  if (valueAt < 0x18 || valueEnd > bytes.length) return 'its value leaves it';
  return { ...attribute, value: bytes.subarray(valueAt, valueEnd) };
}

function decodeExtent(bytes: Uint8Array): AttributeExtent | string {
  const runsAt = u16le(bytes, 0x20);
  if (bytes.length < 0x40 || runsAt < 0x40 || runsAt > bytes.length) return 'its runs leave it';
  const startCluster = u64le(bytes, 0x10);
  const endCluster = behindLast(bytes);
  const extent = {
    startCluster,
    endCluster,
    runs: bytes.subarray(runsAt),
    unitExponent: bytes[0x22]!,
    allocatedBytes: u64le(bytes, 0x28),
    sizeBytes: u64le(bytes, 0x30),
    initialisedBytes: u64le(bytes, 0x38),
    storedBytes: u64le(bytes, hasStoredBytes(bytes) ? 0x40 : 0x28),
  };
  if (!Number.isSafeInteger(endCluster) || startCluster > endCluster) {
    return `it would reach from cluster ${startCluster} to ${endCluster}`;
  }
  if (startCluster > 0) return extent;
  const { sizeBytes, initialisedBytes, allocatedBytes, storedBytes } = extent;
  const isSound =
    initialisedBytes <= sizeBytes &&
    sizeBytes <= allocatedBytes &&
    Number.isSafeInteger(allocatedBytes) &&
    Number.isSafeInteger(storedBytes);
  return isSound ? extent : 'its sizes contradict one another';
}

function hasStoredBytes(bytes: Uint8Array): boolean {
  const bodyAt = bytes[9] === 0 ? u16le(bytes, 0x20) : u16le(bytes, 0x0a);
  const isThin = (u16le(bytes, 0x0c) & (attributeFlag.compressed | attributeFlag.sparse)) !== 0;
  return isThin && bodyAt >= 0x48;
}

/** The last cluster is −1 where there is none. */
function behindLast(bytes: Uint8Array): number {
  const isNone = u32le(bytes, 0x18) === 0xffff_ffff && u32le(bytes, 0x1c) === 0xffff_ffff;
  return isNone ? 0 : u64le(bytes, 0x18) + 1;
}
