import type { FileAttribute } from '../file-system.ts';
import { attributesBytesMax } from '../limits.ts';
import { decodeName } from '../name-text.ts';
import type { BtrfsFile } from './files.ts';
import { itemTypes } from './key.ts';
import { decodeNamedItems } from './named-item.ts';
import { itemBytes } from './node.ts';

/**
 * Reads the extended attributes of a file; names and values lie in the tree as Linux gives them out.
 * @param file - the file
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function readAttributes(file: BtrfsFile): Promise<readonly FileAttribute[]> {
  const { tree, place } = file;
  const found: FileAttribute[] = [];
  let totalBytes = 0;
  const from = { object: place.inode, type: itemTypes.attribute, offset: 0 };
  for await (const { leaf, first, end } of tree.items(from, { ...from, type: from.type + 1 })) {
    for (let index = first; index < end; index += 1) {
      const items = decodeNamedItems(itemBytes(leaf, index));
      if (items === undefined) throw tree.damageAt(leaf, 'attributes do not fit into their item');
      for (const { name, value } of items) {
        totalBytes += name.length + value.length;
        if (totalBytes > attributesBytesMax)
          throw tree.damageAt(leaf, `attributes of inode ${place.inode} are too long together`);
        found.push({ name: decodeName(name), value: value.slice() });
      }
    }
  }
  return found;
}
