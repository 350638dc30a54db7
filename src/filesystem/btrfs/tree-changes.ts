import { compareKeys, type Key } from './key.ts';
import type { LeafSpan } from './leaf-span.ts';
import { firstNotLess, itemBytes, makeLeaf, nodeKey, type TreeNode } from './node.ts';

/** Items of one part of a leaf to which thousands were added. */
const partItems = 1000;
/** Leaves of which the parts are kept; forgotten all together when there are more. */
const keptLeavesMax = 64;

/** An item that a tree has instead of what is stored. */
interface Change {
  readonly key: Key;
  /** Undefined for an item that is gone. */
  readonly bytes: Uint8Array | undefined;
}

interface MergedItem {
  readonly key: Key;
  readonly bytes: Uint8Array;
}

/** Items that a log puts into a tree or takes out of it. Leaves are merged with them when they are asked for. */
export class TreeChanges {
  /** By object, then by type; those of one type in the order of their offsets. */
  readonly #byObject = new Map<number, Map<number, Change[]>>();
  /** All objects in order. */
  readonly #objects: number[] = [];
  /** Parts of merged leaves by the address of the leaf, until there is another change. */
  readonly #parts = new Map<number, readonly LeafSpan[]>();

  /**
   * Puts an item into the tree, or takes one out.
   * @param key - its key
   * @param bytes - the item, kept; undefined to take it out
   */
  set(key: Key, bytes: Uint8Array | undefined): void {
    this.#parts.clear();
    const types = this.#byObject.get(key.object) ?? new Map<number, Change[]>();
    if (types.size === 0)
      this.#objects.splice(firstObject(this.#objects, key.object), 0, key.object);
    this.#byObject.set(key.object, types);
    const changes = types.get(key.type) ?? [];
    types.set(key.type, changes);
    const index = firstFrom(changes, key.offset);
    changes.splice(index, changes[index]?.key.offset === key.offset ? 1 : 0, { key, bytes });
  }

  /** The change of one item; undefined where it is as it is stored. */
  get({ object, type, offset }: Key): Change | undefined {
    const changes = this.#byObject.get(object)?.get(type) ?? [];
    const change = changes[firstFrom(changes, offset)];
    return change?.key.offset === offset ? change : undefined;
  }

  /** The last item of an object and type, up to an offset, that was put in. */
  before({ object, type, offset }: Key): MergedItem | undefined {
    const changes = this.#byObject.get(object)?.get(type) ?? [];
    const first = firstFrom(changes, offset);
    for (
      let index = changes[first]?.key.offset === offset ? first : first - 1;
      index >= 0;
      index -= 1
    ) {
      const { key, bytes } = changes[index]!;
      if (bytes !== undefined) return { key, bytes };
    }
    return undefined;
  }

  /**
   * A leaf as the changes make it, or undefined where they do not touch it.
   * @param stored - the leaf as it lies on the volume, and which keys it may hold
   * @param wanted - only items from one key up to another are needed
   */
  mergedLeaf(
    stored: LeafSpan,
    wanted: { readonly from: Key; readonly to: Key },
  ): TreeNode | undefined {
    const from = later(stored.startKey, wanted.from);
    const to = compareKeys(stored.endKey, wanted.to) < 0 ? stored.endKey : wanted.to;
    const changes = this.#within(from, to);
    if (changes.length === 0) return undefined;
    return makeLeaf(stored.leaf, merge(stored.leaf, changes, { from, to }));
  }

  /**
   * The part of a leaf, as the changes make it, in which a key is or would be.
   * @param stored - the leaf as it lies on the volume, and which keys it may hold
   * @param key - one of these keys
   */
  partAt(stored: LeafSpan, key: Key): LeafSpan {
    const address = stored.leaf.logicalBytes;
    const parts = this.#parts.get(address) ?? this.#partsOf(stored);
    if (this.#parts.size >= keptLeavesMax) this.#parts.clear();
    this.#parts.set(address, parts);
    return parts.findLast(({ startKey }) => compareKeys(startKey, key) <= 0) ?? stored;
  }

  #partsOf(stored: LeafSpan): readonly LeafSpan[] {
    const { leaf, startKey, endKey } = stored;
    const changes = this.#within(startKey, endKey);
    if (changes.length === 0) return [stored];
    const items = merge(leaf, changes, { from: startKey, to: endKey });
    const count = Math.max(1, Math.ceil(items.length / partItems));
    return Array.from({ length: count }, (_, part) => ({
      leaf: makeLeaf(leaf, items.slice(part * partItems, (part + 1) * partItems)),
      startKey: part === 0 ? startKey : items[part * partItems]!.key,
      endKey: items[(part + 1) * partItems]?.key ?? endKey,
    }));
  }

  #within(from: Key, to: Key): Change[] {
    const found: Change[] = [];
    for (let index = firstObject(this.#objects, from.object); ; index += 1) {
      const object = this.#objects[index];
      if (object === undefined || object > to.object) return found;
      const types = [...this.#byObject.get(object)!].sort(([left], [right]) => left - right);
      for (const [type, changes] of types) {
        const isCut = object === from.object && type === from.type;
        for (let at = isCut ? firstFrom(changes, from.offset) : 0; at < changes.length; at += 1) {
          const change = changes[at]!;
          if (compareKeys(change.key, to) >= 0) break;
          if (compareKeys(change.key, from) >= 0) found.push(change);
        }
      }
    }
  }
}

function merge(
  leaf: TreeNode,
  changes: readonly Change[],
  { from, to }: { readonly from: Key; readonly to: Key },
): MergedItem[] {
  const items: MergedItem[] = [];
  const end = firstNotLess(leaf, to);
  let next = 0;
  for (let index = firstNotLess(leaf, from); index <= end; index += 1) {
    const key = index < end ? nodeKey(leaf, index) : undefined;
    let isReplaced = false;
    for (; next < changes.length; next += 1) {
      const change = changes[next]!;
      const order = key === undefined ? -1 : compareKeys(change.key, key);
      if (order > 0) break;
      isReplaced ||= order === 0;
      if (change.bytes !== undefined) items.push({ key: change.key, bytes: change.bytes });
    }
    if (key !== undefined && !isReplaced) items.push({ key, bytes: itemBytes(leaf, index) });
  }
  return items;
}

function later(left: Key, right: Key): Key {
  return compareKeys(left, right) < 0 ? right : left;
}

function firstFrom(changes: readonly Change[], offset: number): number {
  return firstWhere(changes.length, (index) => changes[index]!.key.offset >= offset);
}

function firstObject(objects: readonly number[], object: number): number {
  return firstWhere(objects.length, (index) => objects[index]! >= object);
}

/** The first index for which something holds that then holds for all behind it; `count` when it holds for none. */
function firstWhere(count: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
