import type { FileAttribute } from '../file-system.ts';
import { attributesBytesMax, attributeValueBytesMax } from '../limits.ts';
import { decodeName } from '../name-text.ts';
import { accessListNames, decodeAccessList } from './access-list.ts';
import {
  decodeLeafAttributes,
  decodeShortAttributes,
  type XfsAttribute,
} from './attribute-entries.ts';
import { viewOf } from './big-endian.ts';
import { ForkMap } from './fork-map.ts';
import { type HashBlock, readHashBlock } from './hash-block.ts';
import type { InodeFork, XfsInode } from './inode.ts';
import { readRemoteValue } from './remote-value.ts';
import type { XfsVolume } from './volume.ts';

/** Levels of an index: XFS_DA_NODE_MAXDEPTH. */
const levelsMax = 5;
/** Leaves of the attributes of one file; with more, they would be longer than a reader takes. */
const leavesMax = 4096;
const flag = { trusted: 2, security: 4, parent: 8, incomplete: 0x80 };

/**
 * Reads the extended attributes of an inode. Parent pointers and attributes that were never finished are no attributes that Linux would
 * show; access control lists appear once, under their system name.
 * @param volume - the volume
 * @param inode - the inode
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function readAttributes(
  volume: XfsVolume,
  inode: XfsInode,
): Promise<readonly FileAttribute[]> {
  const fork = inode.attributes;
  if (fork === undefined || (fork.format === 'extents' && fork.extentCount === 0)) return [];
  const found: FileAttribute[] = [];
  let totalBytes = 0;
  const add = async (kept: readonly XfsAttribute[], map: ForkMap | undefined): Promise<void> => {
    for (const attribute of kept) {
      if (attribute.flags & (flag.parent | flag.incomplete)) continue;
      const value = await valueOf(volume, attribute, { fork, map });
      totalBytes += attribute.name.length + value.length;
      if (totalBytes > attributesBytesMax) throw damage(volume, fork, 'they are too long together');
      found.push(shown(attribute, value));
    }
  };
  if (fork.format === 'local') {
    const attributes = decodeShortAttributes(fork.literal);
    if (typeof attributes === 'string') throw damage(volume, fork, attributes);
    await add(attributes, undefined);
    return found;
  }
  const map = new ForkMap(volume, fork, 'attributes');
  for await (const leaf of attributeLeaves(volume, fork, map)) await add(leaf, map);
  return found;
}

function damage(volume: XfsVolume, fork: InodeFork, reason: string, offsetBytes?: number): Error {
  const structure = `inode ${fork.inode}, attributes`;
  return volume.damage({ structure, offsetBytes: offsetBytes ?? fork.offsetBytes }, reason);
}

/** Down the left edge of the tree, then from leaf to leaf. */
async function* attributeLeaves(
  volume: XfsVolume,
  fork: InodeFork,
  map: ForkMap,
): AsyncGenerator<readonly XfsAttribute[]> {
  let block = await blockAt(volume, fork, map, 0);
  for (let depth = 0; block.kind === 'node'; depth += 1) {
    if (depth >= levelsMax || block.count === 0)
      throw damage(volume, fork, 'their index does not come to a leaf', block.offsetBytes);
    block = await blockAt(volume, fork, map, viewOf(block.bytes).getUint32(block.bodyStart + 4));
  }
  for (let leafCount = 1; ; leafCount += 1) {
    const attributes = decodeLeafAttributes(block, volume.isVersion5);
    if (typeof attributes === 'string') throw damage(volume, fork, attributes, block.offsetBytes);
    yield attributes;
    if (block.next === 0) return;
    if (leafCount >= leavesMax)
      throw damage(volume, fork, 'their leaves do not come to an end', block.offsetBytes);
    block = await blockAt(volume, fork, map, block.next);
  }
}

async function blockAt(
  volume: XfsVolume,
  fork: InodeFork,
  map: ForkMap,
  fileBlock: number,
): Promise<HashBlock> {
  const block = await readHashBlock(volume, map, {
    structure: `inode ${fork.inode}, attributes`,
    owner: fork.inode,
    fileBlock,
    lengthBytes: volume.superblock.blockBytes,
  });
  if (block.kind !== 'node' && block.kind !== 'attributeLeaf')
    throw damage(volume, fork, 'their index leads to names of a directory', block.offsetBytes);
  return block;
}

async function valueOf(
  volume: XfsVolume,
  attribute: XfsAttribute,
  place: { readonly fork: InodeFork; readonly map: ForkMap | undefined },
): Promise<Uint8Array> {
  const { remote } = attribute;
  if (remote === undefined || place.map === undefined) return (attribute.value ?? empty).slice();
  if (remote.lengthBytes > attributeValueBytesMax)
    throw damage(volume, place.fork, `a value would have ${remote.lengthBytes} bytes`);
  return readRemoteValue(volume, place.map, {
    ...remote,
    kind: 'attribute',
    owner: place.fork.inode,
  });
}

const empty = new Uint8Array(0);

function shown({ flags, name }: XfsAttribute, value: Uint8Array): FileAttribute {
  const text = decodeName(name);
  const systemName = flags & flag.trusted ? accessListNames.get(text) : undefined;
  const list = systemName === undefined ? undefined : decodeAccessList(value);
  if (systemName !== undefined && list !== undefined) return { name: systemName, value: list };
  return { name: `${namespaceOf(flags)}.${text}`, value };
}

function namespaceOf(flags: number): string {
  if (flags & flag.trusted) return 'trusted';
  return flags & flag.security ? 'security' : 'user';
}
