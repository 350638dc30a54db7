import { viewOf } from './big-endian.ts';

/** Names under which XFS keeps access control lists among the trusted attributes, and what Linux calls them. */
export const accessListNames: ReadonlyMap<string, string> = new Map([
  ['SGI_ACL_FILE', 'system.posix_acl_access'],
  ['SGI_ACL_DEFAULT', 'system.posix_acl_default'],
]);

const headBytes = 4;
const entryBytes = { xfs: 12, linux: 8 };
/** Tags that name a user or a group: ACL_USER, ACL_GROUP. */
const namingTags = new Set([0x02, 0x08]);
const noId = 0xffff_ffff;
const linuxVersion = 2;

/**
 * Brings an access control list into the form in which Linux gives it out: version 4, then for each entry tag 2, permissions 2, id
 * 4, little-endian. XFS has: count 4, then for each entry tag 4, id 4, permissions 2, padding 2, big-endian.
 * @param value - as XFS keeps it; borrowed
 * @returns undefined when it is no such list
 * @source Linux fs/xfs/libxfs/xfs_format.h, struct xfs_acl_entry; include/uapi/linux/posix_acl_xattr.h
 */
export function decodeAccessList(value: Uint8Array): Uint8Array | undefined {
  if (value.length < headBytes) return undefined;
  const view = viewOf(value);
  const count = view.getUint32(0);
  if (headBytes + count * entryBytes.xfs > value.length) return undefined;
  const list = new Uint8Array(headBytes + count * entryBytes.linux);
  const target = viewOf(list);
  target.setUint32(0, linuxVersion, true);
  for (let index = 0; index < count; index += 1) {
    const from = headBytes + index * entryBytes.xfs;
    const to = headBytes + index * entryBytes.linux;
    const tag = view.getUint32(from);
    target.setUint16(to, tag, true);
    target.setUint16(to + 2, view.getUint16(from + 8), true);
    target.setUint32(to + 4, namingTags.has(tag) ? view.getUint32(from + 4) : noId, true);
  }
  return list;
}
