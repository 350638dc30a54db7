/** CRC-32C, polynomial 0x1edc6f41, bits reversed. */
const polynomial = 0x82f63b78;

/** Bytes taken in one step: each has a table of its own, so that the steps within do not wait for one another. */
const stepBytes = 8;

type Table = Int32Array;
type Tables = [Table, Table, Table, Table, Table, Table, Table, Table];

const [t0, t1, t2, t3, t4, t5, t6, t7] = makeTables();

/**
 * Takes bytes into a CRC-32C, without the inversions that many formats put before and after it: the checksum of RFC 3720 is
 * `~crc32c(0xffffffff, bytes) >>> 0`.
 * @source RFC 3720, appendix B.4; kernel: lib/crc/crc32-main.c
 * @param state - register so far, unsigned 32 bits
 * @param bytes - borrowed
 * @returns the register after them, unsigned 32 bits
 */
export function crc32c(state: number, bytes: Uint8Array): number {
  let crc = state | 0;
  let at = 0;
  for (const end = bytes.length - stepBytes; at <= end; at += stepBytes) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t7[crc & 0xff]! ^
      t6[(crc >>> 8) & 0xff]! ^
      t5[(crc >>> 16) & 0xff]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at += 1) crc = t0[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return crc >>> 0;
}

function makeTables(): Tables {
  const made = Array.from({ length: stepBytes }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    made[0]![byte] = crc;
  }
  for (let table = 1; table < stepBytes; table += 1) {
    for (let byte = 0; byte < 256; byte += 1) {
      const before = made[table - 1]![byte]!;
      made[table]![byte] = made[0]![before & 0xff]! ^ (before >>> 8);
    }
  }
  return made as Tables;
}
