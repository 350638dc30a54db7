// Records that span several sectors are protected against torn writes: the last two bytes of each 512 hold an update sequence number, and
// the bytes that belong there are kept in an array in the header.
//
//   offset size field
//     0x04    2 offset of the array
//     0x06    2 entries in it: the number itself, then one for each 512 bytes
import { u16le } from '../integers.ts';

/** What each entry of the array protects, bytes, whatever the sectors of the disk are. */
const strideBytes = 512;

/**
 * Puts the bytes back that belong at the end of each 512.
 * @param record - a whole record; changed
 * @returns what is wrong, as a sentence; undefined when it was whole
 * @source Linux fs/ntfs3/fsntfs.c, ntfs_fix_post_read
 */
export function applyFixups(record: Uint8Array): string | undefined {
  const arrayAt = u16le(record, 4);
  const strides = u16le(record, 6) - 1;
  if (strides !== record.length / strideBytes) return `its update sequence has ${strides} entries`;
  if (arrayAt % 2 !== 0 || arrayAt + 2 * strides + 2 > strideBytes - 2) {
    return `its update sequence would lie at ${arrayAt}`;
  }
  const low = record[arrayAt]!;
  const high = record[arrayAt + 1]!;
  for (let stride = 1; stride <= strides; stride += 1) {
    const end = stride * strideBytes;
    if (record[end - 2] !== low || record[end - 1] !== high) {
      return `its ${end} bytes were not written whole: the update sequence number is missing at ${end - 2}`;
    }
    record[end - 2] = record[arrayAt + 2 * stride]!;
    record[end - 1] = record[arrayAt + 2 * stride + 1]!;
  }
  return undefined;
}
