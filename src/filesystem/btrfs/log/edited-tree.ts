import { u32le } from '../../integers.ts';
import { itemTypes, type Key } from '../key.ts';
import { decodeNamedItems, encodeNamedItem, type NamedItem, nameHash } from '../named-item.ts';
import { itemBytes, nodeKey } from '../node.ts';
import {
  decodeExtendedReferences,
  decodeReferences,
  encodeReferences,
  type InodeReference,
} from '../reference-item.ts';
import type { BtrfsTree, TreeItem } from '../tree.ts';
import type { TreeChanges } from '../tree-changes.ts';

/** Bits of a mode that say what a file is, and the type of file that a name tells for each. */
const typesByMode: Readonly<Record<number, number>> = {
  8: 1,
  4: 2,
  2: 3,
  6: 4,
  1: 5,
  12: 6,
  10: 7,
};
const modeAt = 52;
const inodeBytes = 160;
/** Items that a replay may look at: logs of real machines need a hundredth of it, and it takes less than a second. */
const stepsMax = 1_000_000;

/** A name in a directory. */
export interface Link extends InodeReference {
  /** Whose name it is. */
  readonly inode: number;
}

/** A subvolume while a log is replayed into it: what changes names keeps all three places of a name alike. */
export class EditedTree {
  /** With the changes. */
  readonly tree: BtrfsTree;
  /** What is added to. */
  readonly changes: TreeChanges;
  #steps = 0;

  /**
   * @param tree - the subvolume, with these changes
   * @param changes - none yet
   */
  constructor(tree: BtrfsTree, changes: TreeChanges) {
    this.tree = tree;
    this.changes = changes;
  }

  /** The item of an inode; undefined when there is none. */
  async inode(inode: number): Promise<Uint8Array | undefined> {
    const bytes = await this.tree.find({ object: inode, type: itemTypes.inode, offset: 0 });
    if (bytes !== undefined && bytes.length < inodeBytes)
      throw this.#damage(`inode ${inode} is too short`);
    return bytes;
  }

  /** Items of one type of an inode, from one offset up to and with another, gathered, so that they may be changed meanwhile. */
  async items(
    inode: number,
    type: number,
    from: number = 0,
    to: number = Number.POSITIVE_INFINITY,
  ): Promise<TreeItem[]> {
    const found = await itemsOf(this.tree, { object: inode, type, offset: from }, to);
    this.#steps += 1 + found.length;
    if (this.#steps > stepsMax) throw this.#damage('its log asks for more steps than any would');
    return found;
  }

  /** What a name of a directory names. */
  async named(directory: number, name: Uint8Array): Promise<NamedItem | undefined> {
    const bytes = await this.tree.find(hashKey(directory, name));
    return bytes === undefined ? undefined : namesIn(bytes).find((item) => isSame(item.name, name));
  }

  /** What has an index in a directory. */
  async indexed(directory: number, index: number): Promise<NamedItem | undefined> {
    const bytes = await this.tree.find({
      object: directory,
      type: itemTypes.nameByIndex,
      offset: index,
    });
    return bytes === undefined ? undefined : namesIn(bytes)[0];
  }

  /** All names of an inode. */
  async references(inode: number): Promise<InodeReference[]> {
    const plain = await this.items(inode, itemTypes.inodeReference);
    const extended = await this.items(inode, itemTypes.inodeExtendedReference);
    return [
      ...plain.flatMap(({ key, bytes }) => decodeReferences(bytes, key.offset) ?? []),
      ...extended.flatMap(({ bytes }) => decodeExtendedReferences(bytes) ?? []),
    ];
  }

  /** Adds a name. */
  async link({ inode, directory, index, name }: Link): Promise<void> {
    const mode = u32le((await this.inode(inode)) ?? new Uint8Array(modeAt + 4), modeAt);
    const item = encodeNamedItem(inode, typesByMode[(mode >>> 12) & 0xf] ?? 0, name);
    const key = hashKey(directory, name);
    const others = await this.tree.find(key);
    this.changes.set(key, Buffer.concat([others ?? new Uint8Array(), item]));
    this.changes.set({ object: directory, type: itemTypes.nameByIndex, offset: index }, item);
    const ownKey = { object: inode, type: itemTypes.inodeReference, offset: directory };
    const own =
      decodeReferences((await this.tree.find(ownKey)) ?? new Uint8Array(), directory) ?? [];
    const kept = own.filter((reference) => !isSame(reference.name, name));
    this.changes.set(ownKey, encodeReferences([...kept, { directory, index, name }]));
  }

  /** Takes a name away, wherever the directory and the inode keep it. */
  async unlink(directory: number, name: Uint8Array): Promise<void> {
    const key = hashKey(directory, name);
    const bytes = await this.tree.find(key);
    const named = await this.named(directory, name);
    if (bytes === undefined || named === undefined) return;
    this.changes.set(key, withoutName(bytes, name));
    const inode = named.location.object;
    const { index } = (await this.references(inode)).find(
      (reference) => reference.directory === directory && isSame(reference.name, name),
    ) ?? { index: undefined };
    if (index === undefined) return;
    this.changes.set({ object: directory, type: itemTypes.nameByIndex, offset: index }, undefined);
    await this.#forget(inode, directory, name);
  }

  #damage(reason: string): Error {
    return this.tree.volume.damage({ structure: this.tree.structure, offsetBytes: 0 }, reason);
  }

  async #forget(inode: number, directory: number, name: Uint8Array): Promise<void> {
    const key = { object: inode, type: itemTypes.inodeReference, offset: directory };
    const own = decodeReferences((await this.tree.find(key)) ?? new Uint8Array(), directory) ?? [];
    const kept = own.filter((reference) => !isSame(reference.name, name));
    if (kept.length < own.length)
      this.changes.set(key, kept.length === 0 ? undefined : encodeReferences(kept));
    for (const item of await this.items(inode, itemTypes.inodeExtendedReference)) {
      const [only, ...more] = decodeExtendedReferences(item.bytes) ?? [];
      const isIt = only?.directory === directory && isSame(only.name, name);
      if (isIt && more.length === 0) this.changes.set(item.key, undefined);
    }
  }
}

/**
 * Items of one object and type.
 * @param tree - where
 * @param from - key of the first
 * @param to - greatest offset
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function itemsOf(tree: BtrfsTree, from: Key, to: number): Promise<TreeItem[]> {
  const found: TreeItem[] = [];
  for await (const { leaf, first, end } of tree.items(from, {
    ...from,
    type: from.type + 1,
    offset: 0,
  })) {
    for (let index = first; index < end; index += 1) {
      const key = nodeKey(leaf, index);
      if (key.offset > to) return found;
      found.push({ key, bytes: itemBytes(leaf, index) });
    }
  }
  return found;
}

/** Whether two names are the same. */
export function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

/** Names in an item; none when they do not fit into it. */
export function namesIn(bytes: Uint8Array): readonly NamedItem[] {
  return decodeNamedItems(bytes) ?? [];
}

function hashKey(directory: number, name: Uint8Array): Key {
  return { object: directory, type: itemTypes.nameByHash, offset: nameHash(name) };
}

/** An item without one of its names; undefined when that was the only one. */
function withoutName(bytes: Uint8Array, name: Uint8Array): Uint8Array | undefined {
  const kept: Uint8Array[] = [];
  let at = 0;
  for (const item of namesIn(bytes)) {
    const end = item.value.byteOffset + item.value.length - bytes.byteOffset;
    if (!isSame(item.name, name)) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return kept.length === 0 ? undefined : Buffer.concat(kept);
}
