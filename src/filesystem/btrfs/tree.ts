import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { findingOf } from '../damage.ts';
import { compareKeys, endKey, type Key } from './key.ts';
import type { KeySpan, LeafSpan } from './leaf-span.ts';
import { childOf, firstNotLess, itemBytes, levelsMax, nodeKey, type TreeNode } from './node.ts';
import type { TreeRoot } from './superblock.ts';
import type { TreeChanges } from './tree-changes.ts';
import type { BtrfsVolume, NodePlace } from './volume.ts';

/** An item with its key. */
export interface TreeItem {
  readonly key: Key;
  /** Borrowed. */
  readonly bytes: Uint8Array;
}

/** Some items of a leaf, one after the other. */
export interface LeafItems {
  readonly leaf: TreeNode;
  /** Index of the first. */
  readonly first: number;
  /** Index behind the last. */
  readonly end: number;
}

const startKey: Key = { object: 0, type: 0, offset: 0 };

/**
 * One tree of a volume. Each step down narrows the keys that the node below may hold, so no node can be met twice on a way, and a walk
 * over all leaves comes to an end whatever the nodes say. Remembers the last leaf.
 */
export class BtrfsTree {
  readonly volume: BtrfsVolume;
  readonly root: TreeRoot;
  readonly #changes: TreeChanges | undefined;
  #last: LeafSpan | undefined;

  /**
   * @param volume - the volume
   * @param root - from the superblock or from the root tree
   * @param changes - what a log changes in it, if any; they may still grow
   */
  constructor(volume: BtrfsVolume, root: TreeRoot, changes?: TreeChanges) {
    this.volume = volume;
    this.root = root;
    this.#changes = changes;
  }

  /** For errors: "tree 5". */
  get structure(): string {
    return `tree ${this.root.tree}`;
  }

  /**
   * The leaf in which a key is or would be.
   * @param key - the key
   * @throws FILE_SYSTEM_DAMAGED
   */
  leafAt(key: Key): Awaitable<LeafSpan> {
    const changes = this.#changes;
    if (changes === undefined) return this.#storedLeafAt(key);
    return andThen(this.#storedLeafAt(key), (span) => changes.partAt(span, key));
  }

  #storedLeafAt(key: Key): Awaitable<LeafSpan> {
    const last = this.#last;
    if (
      last !== undefined &&
      compareKeys(key, last.startKey) >= 0 &&
      compareKeys(key, last.endKey) < 0
    )
      return last;
    return andThen(this.#top(), (node) => this.#descend(node, key, { startKey, endKey }));
  }

  /**
   * Where a walk goes on when a node on the way to a key cannot be read.
   * @param key - the key
   * @returns the first key that the damaged node cannot hold; undefined when that was the last one
   */
  async keyBehindDamage(key: Key): Promise<Key | undefined> {
    let span: KeySpan = { startKey, endKey };
    try {
      for (let node = await this.#top(); node.level > 0; ) {
        this.#assertInside(node, span);
        const step = this.#stepDown(node, key, span);
        span = step.span;
        node = await this.volume.node(step.place);
      }
    } catch (error) {
      findingOf(error, this.structure);
    }
    return span.endKey === endKey ? undefined : span.endKey;
  }

  #top(): Awaitable<TreeNode> {
    const { logicalBytes, level, generation } = this.root;
    const { structure } = this;
    if (level >= levelsMax)
      throw this.volume.damage({ structure, offsetBytes: 0 }, 'it is too deep');
    return this.volume.node({ structure, logicalBytes, level, generation });
  }

  #descend(node: TreeNode, key: Key, span: KeySpan): Awaitable<LeafSpan> {
    this.#assertInside(node, span);
    if (node.level === 0) {
      this.#last = { leaf: node, ...span };
      return this.#last;
    }
    const step = this.#stepDown(node, key, span);
    return andThen(this.volume.node(step.place), (child) => this.#descend(child, key, step.span));
  }

  #stepDown(node: TreeNode, key: Key, span: KeySpan): { place: NodePlace; span: KeySpan } {
    const found = firstNotLess(node, key);
    const isExact = found < node.count && compareKeys(nodeKey(node, found), key) === 0;
    const index = Math.max(0, isExact ? lastEqual(node, found) : found - 1);
    return {
      place: { structure: this.structure, level: node.level - 1, ...childOf(node, index) },
      span: {
        startKey: index === 0 ? span.startKey : nodeKey(node, index),
        endKey: index + 1 < node.count ? nodeKey(node, index + 1) : span.endKey,
      },
    };
  }

  /**
   * Only a tree without any item has a node without one. Keys behind 2⁵³ are inexact, so the last may seem to reach the end.
   * @throws FILE_SYSTEM_DAMAGED
   */
  #assertInside(node: TreeNode, span: KeySpan): void {
    if (node.count === 0 && node.level === 0 && node.logicalBytes === this.root.logicalBytes)
      return;
    const isInside =
      node.count > 0 &&
      compareKeys(nodeKey(node, 0), span.startKey) >= 0 &&
      compareKeys(nodeKey(node, node.count - 1), span.endKey) <= 0;
    if (isInside) return;
    throw this.damageAt(node, 'it tells of keys that belong to another node');
  }

  /**
   * The error that a node of this tree is damaged.
   * @param node - the node
   * @param reason - what is wrong
   */
  damageAt(node: TreeNode, reason: string): Error {
    const { structure, volume } = this;
    const { nodeBytes } = volume.superblock;
    const offsetBytes = volume.copiesOf(node.logicalBytes, nodeBytes, structure)[0]!;
    return volume.damage({ structure, offsetBytes }, reason);
  }

  /**
   * The item with exactly one key.
   * @param key - the key
   * @returns its bytes, borrowed; undefined when there is none
   * @throws FILE_SYSTEM_DAMAGED
   */
  find(key: Key): Awaitable<Uint8Array | undefined> {
    const change = this.#changes?.get(key);
    if (change !== undefined) return change.bytes;
    return andThen(this.#storedLeafAt(key), ({ leaf }) => {
      const index = firstNotLess(leaf, key);
      const isThere = index < leaf.count && compareKeys(nodeKey(leaf, index), key) === 0;
      return isThere ? itemBytes(leaf, index) : undefined;
    });
  }

  /**
   * Leaves up to one key, the last of which has an item with that key or a lower one, if the tree has any. Without changes that is always the
   * leaf in which the key would be; changes may have taken away its first items.
   * @param key - the key
   * @returns the leaf with that item, and the first key behind the leaf in which the key would be
   * @throws FILE_SYSTEM_DAMAGED
   */
  leafBefore(key: Key): Awaitable<LeafSpan> {
    return andThen(this.leafAt(key), (span) =>
      this.#changes === undefined || hasItemUpTo(span.leaf, key)
        ? span
        : this.#earlierLeaf(span, key),
    );
  }

  async #earlierLeaf(first: LeafSpan, key: Key): Promise<LeafSpan> {
    let span = first;
    while (!hasItemUpTo(span.leaf, key)) {
      const before = keyBefore(span.startKey);
      if (before === undefined) return first;
      span = await this.leafAt(before);
    }
    return { ...span, endKey: firstKeyBehind(first, key) };
  }

  /**
   * The last item of an object and type up to an offset.
   * @param key - object, type and greatest offset
   * @returns undefined when there is none
   * @throws FILE_SYSTEM_DAMAGED
   */
  async itemBefore(key: Key): Promise<TreeItem | undefined> {
    const changed = this.#changes?.before(key);
    for (let at: Key | undefined = key; at !== undefined; ) {
      const { leaf, startKey: leafStart } = await this.#storedLeafAt(at);
      const index = lastUpTo(leaf, at);
      const found = index < 0 ? undefined : nodeKey(leaf, index);
      const isChanged = found !== undefined && this.#changes?.get(found) !== undefined;
      if (found === undefined) at = keyBefore(leafStart);
      else if (found.object !== key.object || found.type !== key.type) break;
      else if (changed !== undefined && changed.key.offset >= found.offset) break;
      else if (isChanged) at = keyBefore(found);
      else return { key: found, bytes: itemBytes(leaf, index) };
    }
    return changed;
  }

  /**
   * All items from one key up to another, leaf by leaf.
   * @param from - first key
   * @param to - first key that no longer counts
   * @throws FILE_SYSTEM_DAMAGED
   */
  async *items(from: Key, to: Key): AsyncGenerator<LeafItems> {
    for (let at = from; compareKeys(at, to) < 0; ) {
      const found = this.#storedLeafAt(at);
      const span = found instanceof Promise ? await found : found;
      const leaf = this.#changes?.mergedLeaf(span, { from: at, to }) ?? span.leaf;
      const first = firstNotLess(leaf, at);
      const end = firstNotLess(leaf, to);
      if (end > first) yield { leaf, first, end };
      if (span.endKey === endKey) return;
      at = span.endKey;
    }
  }
}

function lastUpTo(leaf: TreeNode, key: Key): number {
  const index = firstNotLess(leaf, key);
  const isExact = index < leaf.count && compareKeys(nodeKey(leaf, index), key) === 0;
  return isExact ? index : index - 1;
}

function hasItemUpTo(leaf: TreeNode, key: Key): boolean {
  return leaf.count > 0 && compareKeys(nodeKey(leaf, 0), key) <= 0;
}

/** What follows a key in a leaf that has nothing up to it. */
function firstKeyBehind({ leaf, endKey: end }: LeafSpan, key: Key): Key {
  const next = firstNotLess(leaf, key);
  return next < leaf.count ? nodeKey(leaf, next) : end;
}

/** The greatest key below another; undefined where numbers are inexact, or at the begin of all keys. */
function keyBefore({ object, type, offset }: Key): Key | undefined {
  if (offset > 0) return offset - 1 < offset ? { object, type, offset: offset - 1 } : undefined;
  if (type > 0) return { object, type: type - 1, offset: Number.POSITIVE_INFINITY };
  if (object === 0 || object - 1 === object) return undefined;
  return { object: object - 1, type: 255, offset: Number.POSITIVE_INFINITY };
}

function lastEqual(node: TreeNode, index: number): number {
  let last = index;
  while (last + 1 < node.count && compareKeys(nodeKey(node, last + 1), nodeKey(node, index)) === 0)
    last += 1;
  return last;
}
