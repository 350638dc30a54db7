import { findingOf } from '../damage.ts';
import type { FileStatus, Finding, WalkedFile } from '../file-system.ts';
import { decodeName } from '../name-text.ts';
import { targetOf } from './directory.ts';
import { type FilePlace, idOf } from './file-id.ts';
import { findFile, statusOf } from './files.ts';
import type { Forest } from './forest.ts';
import { decodeInode } from './inode-item.ts';
import { endKey, itemTypes, objects } from './key.ts';
import { decodeNamedItems } from './named-item.ts';
import { itemBytes, nodeKey, type TreeNode } from './node.ts';
import {
  decodeExtendedReferences,
  decodeReferences,
  type InodeReference,
} from './reference-item.ts';
import type { BtrfsTree } from './tree.ts';

/**
 * Every file with every name, subvolume by subvolume, in the order of their trees: there the names of an inode stand right behind it, so
 * that each tree is read once from its begin to its end.
 * @param forest - all trees
 * @param onFinding - hears what could not be read
 */
export async function* walkFiles(
  forest: Forest,
  onFinding: (finding: Finding) => void,
): AsyncGenerator<readonly WalkedFile[]> {
  try {
    for await (const subvolume of forest.subvolumes()) {
      const tree = await forest.tree(subvolume);
      if (tree !== undefined) yield* new SubvolumeWalk(forest, tree, onFinding).files();
    }
  } catch (error) {
    onFinding(findingOf(error, 'root tree'));
  }
}

class SubvolumeWalk {
  readonly #forest: Forest;
  readonly #tree: BtrfsTree;
  readonly #onFinding: (finding: Finding) => void;
  /** The inode whose names come now. */
  #status: FileStatus | undefined;
  #number = 0;

  constructor(forest: Forest, tree: BtrfsTree, onFinding: (finding: Finding) => void) {
    this.#forest = forest;
    this.#tree = tree;
    this.#onFinding = onFinding;
  }

  /** After a leaf that cannot be read the walk goes on behind it. */
  async *files(): AsyncGenerator<readonly WalkedFile[]> {
    for await (const leaf of leavesOf(this.#tree, this.#onFinding)) {
      const files: WalkedFile[] = [];
      for (let index = 0; index < leaf.count; index += 1) {
        try {
          const waiting = this.#item(leaf, index, files);
          if (waiting !== undefined) await waiting;
        } catch (error) {
          this.#onFinding(findingOf(error, this.#tree.structure));
        }
      }
      if (files.length > 0) yield files;
    }
  }

  #item(leaf: TreeNode, index: number, files: WalkedFile[]): Promise<void> | undefined {
    const { object, type, offset } = nodeKey(leaf, index);
    const bytes = itemBytes(leaf, index);
    if (type === itemTypes.inode) this.#inode(leaf, object, bytes);
    else if (type === itemTypes.inodeReference && object === this.#number)
      this.#names(leaf, decodeReferences(bytes, offset), files);
    else if (type === itemTypes.inodeExtendedReference && object === this.#number)
      this.#names(leaf, decodeExtendedReferences(bytes), files);
    else if (type === itemTypes.nameByIndex) return this.#subvolumes(leaf, index, files);
    return undefined;
  }

  #inode(leaf: TreeNode, number: number, bytes: Uint8Array): void {
    this.#number = number;
    this.#status = undefined;
    const inode = decodeInode(bytes, this.#tree.volume.superblock.sectorBytes);
    if (typeof inode === 'string') throw this.#tree.damageAt(leaf, `inode ${number}: ${inode}`);
    this.#status = { id: this.#id(number), ...inode.status };
  }

  #names(
    leaf: TreeNode,
    references: readonly InodeReference[] | undefined,
    files: WalkedFile[],
  ): void {
    if (references === undefined)
      throw this.#tree.damageAt(leaf, `names of inode ${this.#number} do not fit into their item`);
    const status = this.#status;
    // The top of a subvolume names itself ".."; its real name lies in the subvolume around it.
    if (status === undefined || this.#number === objects.firstInode) return;
    for (const { directory, name } of references)
      files.push({ parent: this.#id(directory), name: decodeName(name), status });
  }

  /** Only names that lead out of the subvolume are taken from directories: those inodes do not tell their names here. */
  #subvolumes(leaf: TreeNode, index: number, files: WalkedFile[]): Promise<void> | undefined {
    const bytes = itemBytes(leaf, index);
    if (bytes[8] !== itemTypes.root) return undefined;
    return this.#attached(leaf, { inode: nodeKey(leaf, index).object, bytes }, files);
  }

  async #attached(
    leaf: TreeNode,
    { inode, bytes }: { readonly inode: number; readonly bytes: Uint8Array },
    files: WalkedFile[],
  ): Promise<void> {
    const named = decodeNamedItems(bytes);
    if (named === undefined) throw this.#tree.damageAt(leaf, 'names do not fit into their item');
    const place: FilePlace = { subvolume: this.#tree.root.tree, inode };
    for (const item of named) {
      const target = await targetOf({ forest: this.#forest, tree: this.#tree, place }, item);
      const file = await findFile(this.#forest, target);
      if (file !== undefined)
        files.push({ parent: idOf(place), name: decodeName(item.name), status: statusOf(file) });
    }
  }

  #id(inode: number): string {
    return idOf({ subvolume: this.#tree.root.tree, inode });
  }
}

/**
 * All leaves of a tree. What cannot be read is told, and left out up to the next node that another leads to.
 * @param tree - the tree
 * @param onFinding - hears what could not be read
 */
export async function* leavesOf(
  tree: BtrfsTree,
  onFinding: (finding: Finding) => void,
): AsyncGenerator<TreeNode> {
  let at = { object: 0, type: 0, offset: 0 };
  for (;;) {
    try {
      const found = tree.leafAt(at);
      const span = found instanceof Promise ? await found : found;
      yield span.leaf;
      if (span.endKey === endKey) return;
      at = span.endKey;
    } catch (error) {
      onFinding(findingOf(error, tree.structure));
      const next = await tree.keyBehindDamage(at);
      if (next === undefined) return;
      at = next;
    }
  }
}
