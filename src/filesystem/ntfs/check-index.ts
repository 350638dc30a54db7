import { ntfsDamage } from './damage.ts';
import type { FileIndex } from './file-index.ts';
import { decodeFileName } from './file-name.ts';
import type { IndexEntry } from './index-node.ts';
import { indexDepthMax } from './limits.ts';
import type { UpperCase } from './upper-case.ts';

/** What the index of a directory is checked against. */
export interface IndexCheck {
  readonly upperCase: UpperCase;
  /** The sequence number of a file record; undefined when it is not in use. */
  readonly sequenceOf: (record: number) => number | undefined;
}

/**
 * Checks that names ascend through the whole tree, that every block is reached once and that each entry names a file.
 * @param index - of names
 * @param check - see IndexCheck
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function checkIndex(index: FileIndex, check: IndexCheck): Promise<void> {
  const visit = new IndexVisit(index, check);
  await visit.node(index.rootEntries, 0);
  for await (const block of index.usedBlocks()) {
    if (!visit.blocks.has(block))
      throw ntfsDamage(index.place, `its block ${block} is not reached`);
  }
}

class IndexVisit {
  readonly blocks = new Set<number>();
  readonly #index: FileIndex;
  readonly #check: IndexCheck;
  #lastName: string | undefined;

  constructor(index: FileIndex, check: IndexCheck) {
    this.#index = index;
    this.#check = check;
  }

  /** Goes no deeper than an index can be, and into no block twice. */
  async node(entries: readonly IndexEntry[], depth: number): Promise<void> {
    if (depth > indexDepthMax) throw ntfsDamage(this.#index.place, 'it is too deep to be true');
    for (const entry of entries) {
      if (entry.child !== undefined) await this.#below(entry.child, depth);
      if (!entry.isLast) this.#entry(entry);
    }
  }

  async #below(child: number, depth: number): Promise<void> {
    const place = this.#index.placeOf(child);
    if (this.blocks.has(place)) {
      throw ntfsDamage(this.#index.place, `its block ${place} is reached twice`);
    }
    this.blocks.add(place);
    await this.node(await this.#index.block(place), depth + 1);
  }

  #entry(entry: IndexEntry): void {
    const { upperCase, sequenceOf } = this.#check;
    const name = decodeFileName(entry.key)?.name;
    const { place } = this.#index;
    if (name === undefined) throw ntfsDamage(place, 'a name in it is cut off');
    if (this.#lastName !== undefined && upperCase.collate(this.#lastName, name) >= 0) {
      throw ntfsDamage(place, `"${name}" does not come behind "${this.#lastName}"`);
    }
    this.#lastName = name;
    if (sequenceOf(entry.record) !== entry.sequence) {
      throw ntfsDamage(place, `"${name}" names file ${entry.record}, which is another one or gone`);
    }
  }
}
