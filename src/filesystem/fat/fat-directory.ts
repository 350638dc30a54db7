import type { NamedNode } from '../entry-volume.ts';
import { attribute, entryBytes, entryMark, isFileEntry, shortName } from './directory-entry.ts';
import type { FatNode } from './fat-node.ts';
import { LongName } from './long-name.ts';

/** Decodes the entries of one directory, piece by piece: a long name may go on from one piece to the next. */
export class FatDirectory {
  readonly #longName = new LongName();
  readonly #makeNode: (entry: Uint8Array, offsetBytes: number) => FatNode;
  #hasEnded = false;

  /** @param makeNode - makes a node of an entry and its place on the volume */
  constructor(makeNode: (entry: Uint8Array, offsetBytes: number) => FatNode) {
    this.#makeNode = makeNode;
  }

  /** Whether the mark was met behind which nothing counts. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * Takes the next piece.
   * @param bytes - whole entries
   * @param offsetBytes - where it lies on the volume
   */
  entriesOf(bytes: Uint8Array, offsetBytes: number): readonly NamedNode<FatNode>[] {
    const found: NamedNode<FatNode>[] = [];
    for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
      if (bytes[at] === entryMark.end) {
        this.#hasEnded = true;
        break;
      }
      const named = this.#entry(bytes.subarray(at, at + entryBytes), offsetBytes + at);
      if (named !== undefined) found.push(named);
    }
    return found;
  }

  #entry(entry: Uint8Array, offsetBytes: number): NamedNode<FatNode> | undefined {
    if (entry[0] !== entryMark.deleted && (entry[11]! & 0x3f) === attribute.longName) {
      this.#longName.add(entry);
      return undefined;
    }
    const longName = sane(this.#longName.take(entry));
    if (!isFileEntry(entry)) return undefined;
    const name = shortName(entry);
    if (name === '.' || name === '..' || (longName ?? name) === '') return undefined;
    const node = this.#makeNode(entry, offsetBytes);
    return longName === undefined ? { name, node } : { name: longName, otherName: name, node };
  }
}

/** A long name that means a place and no file is a lie; the short one is taken. */
function sane(longName: string | undefined): string | undefined {
  return longName === '.' || longName === '..' ? undefined : longName;
}
