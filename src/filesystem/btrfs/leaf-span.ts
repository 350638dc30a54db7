import type { Key } from './key.ts';
import type { TreeNode } from './node.ts';

/** Which keys a node may hold. */
export interface KeySpan {
  readonly startKey: Key;
  /** First key behind it. */
  readonly endKey: Key;
}

/** A leaf, and which keys it may hold. */
export interface LeafSpan extends KeySpan {
  readonly leaf: TreeNode;
}
