const table = makeTable();

/**
 * Takes bytes into a CRC-32 that counts the highest bit of each byte first, as journals of version 1 have it over a whole transaction.
 * @source kernel: lib/crc/crc32-main.c, crc32_be
 * @param state - register so far, unsigned 32 bits
 * @param bytes - borrowed
 */
export function crc32be(state: number, bytes: Uint8Array): number {
  let crc = state;
  for (const byte of bytes) crc = (crc << 8) ^ table[((crc >>> 24) ^ byte) & 0xff]!;
  return crc >>> 0;
}

function makeTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
    return crc;
  });
}
