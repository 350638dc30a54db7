import { strict as assert } from 'node:assert';
import type { ServedFile } from '../../filesystem/served-tree.ts';
import { nodesMax } from '../limits.ts';

interface Node {
  readonly file: ServedFile;
  /** Look-ups that the kernel has not taken back. */
  lookups: number;
}

/** Number of the root, fixed by the protocol. */
const rootNode = 1;

/** Numbers for the files that the kernel knows, until it forgets them. */
export class NodeTable {
  readonly #nodes = new Map<number, Node>();
  readonly #numbers = new Map<string, number>();
  #nextNumber = rootNode + 1;

  /** @param root - the root directory; never forgotten */
  constructor(root: ServedFile) {
    this.#nodes.set(rootNode, { file: root, lookups: 1 });
    this.#numbers.set(root.key, rootNode);
  }

  /**
   * The file of a number.
   * @param number - as the kernel gives it
   * @returns undefined for a number that was never given or is forgotten
   */
  get(number: number): ServedFile | undefined {
    return this.#nodes.get(number)?.file;
  }

  /**
   * Counts a look-up.
   * @param file - what was found
   * @returns its number; undefined when the table is full
   */
  add(file: ServedFile): number | undefined {
    const known = this.#numbers.get(file.key);
    if (known !== undefined) {
      this.#nodes.get(known)!.lookups += 1;
      return known;
    }
    if (this.#nodes.size >= nodesMax) return undefined;
    const number = this.#nextNumber++;
    this.#nodes.set(number, { file, lookups: 1 });
    this.#numbers.set(file.key, number);
    return number;
  }

  /**
   * Takes look-ups back.
   * @param number - of the file
   * @param count - look-ups
   */
  forget(number: number, count: number): void {
    const node = this.#nodes.get(number);
    if (node === undefined || number === rootNode) return;
    node.lookups -= count;
    assert(node.lookups >= 0, 'the kernel takes back only look-ups that it was given');
    if (node.lookups > 0) return;
    this.#nodes.delete(number);
    this.#numbers.delete(node.file.key);
  }
}
