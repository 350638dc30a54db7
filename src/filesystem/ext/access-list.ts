import { u16le, u32le } from '../integers.ts';

/**
 * A POSIX access control list as ext stores it, little-endian: 4 bytes of version, 1, then entries of
 *
 *   offset size field
 *        0    2 whom it is about: 1 the owner, 2 a user, 4 the group, 8 a named group, 16 the mask, 32 others
 *        2    2 permissions
 *        4    4 number of the user or group, only where one is named
 *
 * Linux gives out version 2, in which every entry has a number, 0xffffffff where nobody is named.
 * @source kernel: fs/ext4/acl.c, ext4_acl_from_disk; include/uapi/linux/posix_acl_xattr.h
 */
const storedVersion = 1;
const shownVersion = 2;
const headBytes = 4;
const nobody = 0xffffffff;
const namesSomebody: ReadonlySet<number> = new Set([2, 8]);

/**
 * Turns an access control list from its stored form into the one that Linux gives out.
 * @param stored - value of the attribute; borrowed
 * @returns undefined when it is damaged
 */
export function shownAccessList(stored: Uint8Array): Uint8Array | undefined {
  if (stored.length < headBytes || u32le(stored, 0) !== storedVersion) return undefined;
  const words: number[] = [shownVersion];
  for (let at = headBytes; at < stored.length; ) {
    const isNamed = at + 2 <= stored.length && namesSomebody.has(u16le(stored, at));
    const next = at + (isNamed ? 8 : 4);
    if (next > stored.length) return undefined;
    words.push(u32le(stored, at), isNamed ? u32le(stored, at + 4) : nobody);
    at = next;
  }
  const shown = new Uint8Array(words.length * 4);
  const view = new DataView(shown.buffer);
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word, true);
  return shown;
}
