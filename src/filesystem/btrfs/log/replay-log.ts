import { findingOf } from '../../damage.ts';
import { cannotLookInside } from '../../refusals.ts';
import type { Forest } from '../forest.ts';
import { endKey, itemTypes, objects } from '../key.ts';
import { itemBytes, nodeKey } from '../node.ts';
import { decodeRootItem } from '../root-item.ts';
import { BtrfsTree, type TreeItem } from '../tree.ts';
import { TreeChanges } from '../tree-changes.ts';
import { EditedTree, itemsOf } from './edited-tree.ts';
import { itemFault } from './item-fault.ts';
import { SubvolumeLog } from './subvolume-log.ts';

/** Items of all logs together, and bytes in them: a commit every 30 seconds keeps real ones far below. */
const itemsMax = 500_000;
const bytesMax = 64 * 1024 * 1024;

/**
 * Replays in memory what was synced after the last commit, so that the trees read as a mount would show them.
 * @param forest - all trees; those that change are given their changes
 * @returns notes for people, and whether something of the log is missing
 */
export async function replayLog(
  forest: Forest,
): Promise<{ readonly notes: readonly string[]; readonly isUnclean: boolean }> {
  const { logTree } = forest.volume.superblock;
  if (logTree.logicalBytes === 0) return { notes: [], isUnclean: false };
  try {
    const count = await new LogReplay(forest).all();
    const note = `it was not cleanly unmounted: its log was replayed in memory: ${count} items`;
    return { notes: [note], isUnclean: false };
  } catch (error) {
    forest.forgetChanges();
    const { reason } = findingOf(error, 'log');
    const note = `it was not cleanly unmounted: what programs synced after its last commit (up to 30 seconds) is in its log, which cannot be read: ${reason}`;
    return { notes: [note], isUnclean: true };
  }
}

class LogReplay {
  readonly #forest: Forest;
  #items = 0;
  #bytes = 0;

  constructor(forest: Forest) {
    this.#forest = forest;
  }

  async all(): Promise<number> {
    const { volume } = this.#forest;
    const tree = new BtrfsTree(volume, volume.superblock.logTree);
    const start = { object: objects.logTree, type: itemTypes.root, offset: 0 };
    for (const { key, bytes } of await itemsOf(tree, start, Number.POSITIVE_INFINITY)) {
      const item = decodeRootItem(bytes, key.offset);
      if (item !== undefined) await this.#subvolume(key.offset, new BtrfsTree(volume, item.root));
    }
    return this.#items;
  }

  /** The log of a subvolume that was deleted meanwhile means nothing. */
  async #subvolume(number: number, log: BtrfsTree): Promise<void> {
    const changes = new TreeChanges();
    const tree = await this.#forest.change(number, changes);
    if (tree === undefined) return;
    const items = await this.#read(log);
    const subvolume = new SubvolumeLog(new EditedTree(tree, changes), log);
    for (const stage of [0, 1, 2]) for (const item of items) await subvolume.take(item, stage);
    await subvolume.finish();
    await this.#checksums(items);
  }

  async #read(log: BtrfsTree): Promise<readonly TreeItem[]> {
    const { volume } = log;
    const found: TreeItem[] = [];
    for await (const { leaf, first, end } of log.items(firstKey, endKey)) {
      for (let index = first; index < end; index += 1) {
        const bytes = itemBytes(leaf, index);
        this.#items += 1;
        this.#bytes += bytes.length;
        if (this.#items > itemsMax || this.#bytes > bytesMax)
          throw log.damageAt(leaf, 'it is larger than a log can be');
        const item = { key: nodeKey(leaf, index), bytes };
        const reason = itemFault(item, volume.superblock.sectorBytes);
        if (reason !== undefined) throw log.damageAt(leaf, reason);
        found.push(item);
      }
    }
    return found;
  }

  /** Content that was logged has its checksums in the log, too. Those that are known already stay. */
  async #checksums(items: readonly TreeItem[]): Promise<void> {
    const logged = items.filter(({ key }) => key.type === itemTypes.contentChecksums);
    if (logged.length === 0) return;
    const changes = this.#forest.changesOf(objects.checksumTree) ?? new TreeChanges();
    const tree = await this.#forest.change(objects.checksumTree, changes);
    if (tree === undefined) throw cannotLookInside('the log', 'there is no tree of checksums');
    for (const { key, bytes } of logged)
      if (!(await this.#isSummedUp(tree, key.offset))) changes.set(key, bytes);
  }

  async #isSummedUp(tree: BtrfsTree, logicalBytes: number): Promise<boolean> {
    const { sectorBytes, checksum } = tree.volume.superblock;
    const { contentChecksums: object } = objects;
    const key = { object, type: itemTypes.contentChecksums, offset: logicalBytes };
    const run = await tree.itemBefore(key);
    const sectors = run === undefined ? 0 : run.bytes.length / checksum.lengthBytes;
    return run !== undefined && run.key.offset + sectors * sectorBytes > logicalBytes;
  }
}

const firstKey = { object: 0, type: 0, offset: 0 };
