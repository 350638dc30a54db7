import type { FileAttribute } from '../file-system.ts';
import { attributesBytesMax, attributeValueBytesMax } from '../limits.ts';
import { MappedContent } from '../mapped-content.ts';
import { decodeName } from '../name-text.ts';
import { shownAccessList } from './access-list.ts';
import type { AttributeEntry } from './attribute-entries.ts';
import type { ExtVolume } from './ext-volume.ts';
import { type ExtInode, inodeFlags } from './inode.ts';
import { attributesInBlock, attributesInInode } from './inode-attributes.ts';
import { contentMapOf } from './open-block-map.ts';

/**
 * Prefixes of names by their numbers; what is not here is kept from users by the kernel too: inline data, encryption contexts.
 * @source kernel: fs/ext4/xattr.h, EXT4_XATTR_INDEX_*
 */
const prefixes: Readonly<Record<number, string>> = {
  1: 'user.',
  2: 'system.posix_acl_access',
  3: 'system.posix_acl_default',
  4: 'trusted.',
  6: 'security.',
  7: 'system.',
  8: 'system.richacl',
  10: 'gnu.',
};
const accessListPrefixes: ReadonlySet<number> = new Set([2, 3]);
const inlineDataName = 'system.data';

/**
 * Extended attributes of a file, wherever they lie, under the names and in the form in which Linux gives them out.
 * @param volume - the file's
 * @param inode - of the file
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function fileAttributes(
  volume: ExtVolume,
  inode: ExtInode,
): Promise<readonly FileAttribute[]> {
  const entries = [
    ...attributesInInode(volume, inode),
    ...(await attributesInBlock(volume, inode)),
  ];
  const found: FileAttribute[] = [];
  let totalBytes = 0;
  for (const entry of entries) {
    const name = nameOf(entry);
    if (name === undefined) continue;
    totalBytes += entry.valueBytes;
    if (entry.valueBytes > attributeValueBytesMax || totalBytes > attributesBytesMax) {
      throw damagedValue(volume, inode, `"${name}" is too long`);
    }
    const value = entry.value ?? (await valueInInode(volume, entry));
    found.push({ name, value: shown(volume, inode, { ...entry, value }) });
  }
  return found;
}

function nameOf({ prefix, name }: AttributeEntry): string | undefined {
  const text = prefixes[prefix];
  const full = text === undefined ? undefined : text + decodeName(name);
  return full === inlineDataName ? undefined : full;
}

function shown(
  volume: ExtVolume,
  inode: ExtInode,
  { prefix, value }: AttributeEntry & { readonly value: Uint8Array },
): Uint8Array {
  if (!accessListPrefixes.has(prefix)) return Uint8Array.from(value);
  const list = shownAccessList(value);
  if (list === undefined) throw damagedValue(volume, inode, 'an access control list is damaged');
  return list;
}

/** A value too large for its file's own block is the content of an inode made for it. */
async function valueInInode(volume: ExtVolume, entry: AttributeEntry): Promise<Uint8Array> {
  const holder = await volume.file(String(entry.valueInode));
  const isHolder = (holder.flags & inodeFlags.holdsAttribute) !== 0;
  if (!isHolder || holder.sizeBytes !== entry.valueBytes) {
    throw damagedValue(volume, holder, 'it does not hold the value of an attribute');
  }
  const value = new Uint8Array(entry.valueBytes);
  await new MappedContent(volume.disk, contentMapOf(volume, holder)).read(value, 0);
  return value;
}

function damagedValue(volume: ExtVolume, inode: ExtInode, reason: string) {
  return volume.damaged(`inode ${inode.number}, attributes`, inode.offsetBytes, reason);
}
