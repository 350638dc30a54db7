// A name of a file and the directory that holds it: the attribute $FILE_NAME, and the key of a directory's index.
//
//   offset size field
//     0x00    8 reference to the directory
//     0x08   32 times
//     0x28   16 sizes
//     0x38    4 flags of the file; 0x10000000 for a directory
//     0x3c    4 reparse tag, or length of the extended attributes
//     0x40    1 length of the name, 16-bit units
//     0x41    1 namespace: 0 POSIX, 1 Win32, 2 DOS, 3 Win32 and DOS at once
//     0x42      name
import { u32le } from '../integers.ts';
import { referenceRecord, referenceSequence } from './file-reference.ts';
import { utf16Text } from './utf16-text.ts';

/** A name of a file. */
export interface FileName {
  /** Record of the directory. */
  readonly parent: number;
  /** Sequence number that the directory's record must have. */
  readonly parentSequence: number;
  /** Any 16-bit units. */
  readonly name: string;
  /** Whether it is the 8.3 name beside a long one. */
  readonly isShort: boolean;
  /** Flags of the file, as they were when it was last closed under this name. */
  readonly flags: number;
}

/** Where the namespace stands in the attribute. */
export const namespaceAt: number = 0x41;

/** The namespace of 8.3 names. */
export const dosNamespace: number = 2;

const fixedBytes = 0x42;

/**
 * Decodes a name.
 * @param bytes - the value; borrowed
 * @returns undefined when it is cut off or empty
 * @source Linux fs/ntfs3/ntfs.h, struct ATTR_FILE_NAME
 */
export function decodeFileName(bytes: Uint8Array): FileName | undefined {
  const unitCount = bytes[0x40];
  if (unitCount === undefined || unitCount === 0 || fixedBytes + 2 * unitCount > bytes.length) {
    return undefined;
  }
  return {
    parent: referenceRecord(bytes, 0),
    parentSequence: referenceSequence(bytes, 0),
    name: utf16Text(bytes, fixedBytes, unitCount),
    isShort: bytes[namespaceAt] === dosNamespace,
    flags: u32le(bytes, 0x38),
  };
}
