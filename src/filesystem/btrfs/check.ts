import { isSecondwindError } from '../../base/errors.ts';
import { findingOf } from '../damage.ts';
import type { Finding } from '../file-system.ts';
import { decodeFileExtent } from './file-extent.ts';
import type { Forest } from './forest.ts';
import { decodeInode } from './inode-item.ts';
import { endKey, itemTypes } from './key.ts';
import { decodeNamedItems } from './named-item.ts';
import { childOf, itemBytes, nodeKey, type TreeNode } from './node.ts';
import { superblocksOf } from './open-volume.ts';
import { decodeRootItem } from './root-item.ts';
import type { TreeRoot } from './superblock.ts';
import type { BtrfsVolume, NodePlace } from './volume.ts';

/** Nodes remembered as looked at, so that what snapshots share is looked at once, and no circle is followed: 16 GiB of metadata. */
const nodesMax = 1_000_000;

/**
 * Walks every structure of a volume, and every copy of it. Content is verified when it is read.
 * @param forest - all trees
 */
export async function* checkVolume(forest: Forest): AsyncGenerator<Finding> {
  yield* superblockFindings(forest.volume);
  const { rootTree, chunkTree } = forest.volume.superblock;
  const seen = new Set<number>();
  yield* treeFindings(forest.volume, chunkTree, seen);
  yield* treeFindings(forest.volume, rootTree, seen);
  const findings: Finding[] = [];
  const trees = treesOf(forest);
  for (;;) {
    try {
      const { value, done } = await trees.next();
      if (done === true) break;
      yield* treeFindings(forest.volume, value, seen);
    } catch (error) {
      findings.push(findingOf(error, 'root tree'));
      break;
    }
  }
  yield* findings;
}

async function* superblockFindings({ disk }: BtrfsVolume): AsyncGenerator<Finding> {
  for (const { offsetBytes, found } of await superblocksOf(disk))
    if ('fault' in found)
      yield { severity: 'note', structure: 'superblock', offsetBytes, reason: found.reason };
}

async function* treesOf(forest: Forest): AsyncGenerator<TreeRoot, undefined> {
  const start = { object: 0, type: 0, offset: 0 };
  for await (const { leaf, first, end } of forest.rootTree.items(start, endKey)) {
    for (let index = first; index < end; index += 1) {
      const { object, type } = nodeKey(leaf, index);
      if (type !== itemTypes.root) continue;
      const item = decodeRootItem(itemBytes(leaf, index), object);
      if (item !== undefined && item.root.logicalBytes > 0) yield item.root;
    }
  }
  return undefined;
}

async function* treeFindings(
  volume: BtrfsVolume,
  root: TreeRoot,
  seen: Set<number>,
): AsyncGenerator<Finding> {
  const structure = `tree ${root.tree}`;
  const pending: NodePlace[] = [{ ...root, structure }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (seen.has(place.logicalBytes) || seen.size >= nodesMax) continue;
    seen.add(place.logicalBytes);
    yield* copyFindings(volume, place);
    try {
      const node = await volume.node(place);
      if (node.level === 0) yield* leafFindings(volume, node, structure);
      for (let index = node.level === 0 ? 0 : node.count; index > 0; index -= 1)
        pending.push({ structure, level: node.level - 1, ...childOf(node, index - 1) });
    } catch (error) {
      const finding = lastFinding(error, structure);
      if (finding !== undefined) yield finding;
    }
  }
}

/** A copy that is lost while another is sound loses nothing; when none is, reading the node says so. */
async function* copyFindings(volume: BtrfsVolume, place: NodePlace): AsyncGenerator<Finding> {
  const { structure } = place;
  try {
    const faults = await volume.copyFaults(place);
    for (const { offsetBytes, reason } of faults)
      yield { severity: 'note', structure, offsetBytes, reason: `a copy of a node: ${reason}` };
  } catch (error) {
    lastFinding(error, structure);
  }
}

function lastFinding(error: unknown, structure: string): Finding | undefined {
  if (isSecondwindError(error, 'CANNOT_LOOK_INSIDE'))
    return { severity: 'note', structure, reason: error.message };
  return findingOf(error, structure);
}

function* leafFindings(volume: BtrfsVolume, leaf: TreeNode, structure: string): Generator<Finding> {
  for (let index = 0; index < leaf.count; index += 1) {
    const reason = itemFault(volume, leaf, index);
    if (reason === undefined) continue;
    const { object } = nodeKey(leaf, index);
    yield { severity: 'damage', structure: `${structure}, inode ${object}`, reason };
  }
}

function itemFault(volume: BtrfsVolume, leaf: TreeNode, index: number): string | undefined {
  const bytes = itemBytes(leaf, index);
  switch (nodeKey(leaf, index).type) {
    case itemTypes.inode: {
      const inode = decodeInode(bytes, volume.superblock.sectorBytes);
      return typeof inode === 'string' ? inode : undefined;
    }
    case itemTypes.nameByHash:
    case itemTypes.nameByIndex:
    case itemTypes.attribute:
      return decodeNamedItems(bytes) === undefined ? 'names do not fit into their item' : undefined;
    case itemTypes.fileExtent:
      return extentFault(volume, bytes);
    default:
      return undefined;
  }
}

function extentFault(volume: BtrfsVolume, bytes: Uint8Array): string | undefined {
  const extent = decodeFileExtent(bytes);
  if (typeof extent === 'string') return extent;
  if (extent.form === 'inline' || extent.logicalBytes === 0) return undefined;
  const chunk = volume.chunks.at(extent.logicalBytes);
  const isInside =
    chunk !== undefined &&
    extent.logicalBytes + extent.storedBytes <= chunk.logicalBytes + chunk.lengthBytes;
  return isInside ? undefined : `its content at address ${extent.logicalBytes} lies in no chunk`;
}
