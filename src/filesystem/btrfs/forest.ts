import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { itemTypes, objects } from './key.ts';
import { itemBytes, nodeKey } from './node.ts';
import { decodeRootItem, decodeRootReference, type RootItem } from './root-item.ts';
import { BtrfsTree } from './tree.ts';
import type { TreeChanges } from './tree-changes.ts';
import type { BtrfsVolume } from './volume.ts';

/** Trees kept open; forgotten all together when there are more, for thousands of snapshots are nothing unusual. */
const openTreesMax = 4096;

/** All trees of a volume, found by their number. */
export class Forest {
  readonly volume: BtrfsVolume;
  /** The tree that leads to all others. */
  readonly rootTree: BtrfsTree;
  readonly #trees = new Map<number, BtrfsTree>();
  /** What a log changes, by the number of the tree. */
  readonly #changes = new Map<number, TreeChanges>();

  /** @param volume - the volume, its chunks known */
  constructor(volume: BtrfsVolume) {
    this.volume = volume;
    this.rootTree = new BtrfsTree(volume, volume.superblock.rootTree);
  }

  /**
   * A tree.
   * @param number - its number
   * @returns undefined when there is none
   * @throws FILE_SYSTEM_DAMAGED
   */
  tree(number: number): Awaitable<BtrfsTree | undefined> {
    const known = this.#trees.get(number);
    return known ?? this.#open(number);
  }

  async #open(number: number): Promise<BtrfsTree | undefined> {
    const item = await this.rootItem(number);
    if (item === undefined) return undefined;
    if (this.#trees.size >= openTreesMax) this.#trees.clear();
    const tree = new BtrfsTree(this.volume, item.root, this.#changes.get(number));
    this.#trees.set(number, tree);
    return tree;
  }

  /**
   * Changes a tree.
   * @param number - its number
   * @param changes - what is changed in it; they may still grow
   * @returns the tree with its changes; undefined when there is none
   * @throws FILE_SYSTEM_DAMAGED
   */
  change(number: number, changes: TreeChanges): Awaitable<BtrfsTree | undefined> {
    this.#changes.set(number, changes);
    this.#trees.delete(number);
    return this.tree(number);
  }

  /** What is changed in a tree; undefined for nothing. */
  changesOf(number: number): TreeChanges | undefined {
    return this.#changes.get(number);
  }

  /** Makes all trees be again as they are stored. */
  forgetChanges(): void {
    this.#changes.clear();
    this.#trees.clear();
  }

  /**
   * What the root tree says of a tree.
   * @param number - its number
   * @returns undefined when it says nothing
   * @throws FILE_SYSTEM_DAMAGED
   */
  async rootItem(number: number): Promise<RootItem | undefined> {
    const key = { object: number, type: itemTypes.root, offset: 0 };
    let found: RootItem | undefined;
    for await (const { leaf, first, end } of this.rootTree.items(key, {
      ...key,
      type: key.type + 1,
    })) {
      for (let index = first; index < end; index += 1) {
        found = decodeRootItem(itemBytes(leaf, index), number);
        if (found === undefined) throw this.rootTree.damageAt(leaf, `root ${number} is too short`);
      }
    }
    return found;
  }

  /**
   * Numbers of all subvolumes and snapshots that have not been deleted, the top level first.
   * @throws FILE_SYSTEM_DAMAGED
   */
  async *subvolumes(): AsyncGenerator<number> {
    const from = { object: objects.topLevel, type: 0, offset: 0 };
    const to = { object: objects.lastSubvolume, type: 0, offset: 0 };
    let last = 0;
    for await (const { leaf, first, end } of this.rootTree.items(from, to)) {
      for (let index = first; index < end; index += 1) {
        const { object, type } = nodeKey(leaf, index);
        const isSubvolume = object === objects.topLevel || object >= objects.firstSubvolume;
        if (type !== itemTypes.root || !isSubvolume || object === last) continue;
        last = object;
        const item = decodeRootItem(itemBytes(leaf, index), object);
        if (item !== undefined && item.nameCount > 0) yield object;
      }
    }
  }

  /**
   * Whether a name in a directory really leads to a subvolume. A snapshot copies the names of subvolumes inside, but not the subvolumes: there the
   * kernel shows an empty directory.
   * @param child - number of the subvolume
   * @param parent - subvolume and directory that hold the name, and the name
   * @throws FILE_SYSTEM_DAMAGED
   */
  isAttached(
    child: number,
    parent: { readonly subvolume: number; readonly directory: number; readonly name: Uint8Array },
  ): Awaitable<boolean> {
    const key = { object: parent.subvolume, type: itemTypes.rootReference, offset: child };
    return andThen(this.rootTree.find(key), (bytes) => {
      const reference = bytes === undefined ? undefined : decodeRootReference(bytes);
      return (
        reference !== undefined &&
        reference.directory === parent.directory &&
        Buffer.compare(reference.name, parent.name) === 0
      );
    });
  }
}
