/**
 * Hash under which a name is found in the index of a directory, or of attributes.
 * @param name - bytes of the name; borrowed
 * @returns 32 bits
 * @source Linux fs/xfs/libxfs/xfs_da_btree.c, xfs_da_hashname
 */
export function nameHash(name: Uint8Array): number {
  let hash = 0;
  let at = 0;
  for (; name.length - at >= 4; at += 4) {
    const four = (name[at]! << 21) ^ (name[at + 1]! << 14) ^ (name[at + 2]! << 7) ^ name[at + 3]!;
    hash = four ^ rotateLeft(hash, 28);
  }
  const rest = name.length - at;
  if (rest > 0) hash = rotateLeft(hash, 7 * rest);
  for (; at < name.length; at += 1) hash ^= name[at]! << (7 * (name.length - 1 - at));
  return hash >>> 0;
}

/**
 * Hash of a name in a directory where the case of letters does not count.
 * @param name - bytes of the name; borrowed
 * @returns 32 bits
 * @source Linux fs/xfs/libxfs/xfs_dir2.c, xfs_ascii_ci_hashname
 */
export function foldedHash(name: Uint8Array): number {
  let hash = 0;
  for (const byte of name) hash = foldByte(byte) ^ rotateLeft(hash, 7);
  return hash >>> 0;
}

/**
 * Whether two names are the same name.
 * @param left - bytes; borrowed
 * @param right - bytes; borrowed
 * @param isFolding - whether the case of letters does not count
 */
export function isSameName(left: Uint8Array, right: Uint8Array, isFolding: boolean): boolean {
  if (left.length !== right.length) return false;
  return left.every((byte, index) =>
    isFolding ? foldByte(byte) === foldByte(right[index]!) : byte === right[index],
  );
}

/** Letters of ASCII and Latin-1 become small, as the tables of the kernel have it. */
function foldByte(byte: number): number {
  const isCapital =
    (byte >= 0x41 && byte <= 0x5a) || (byte >= 0xc0 && byte <= 0xde && byte !== 0xd7);
  return isCapital ? byte + 0x20 : byte;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
