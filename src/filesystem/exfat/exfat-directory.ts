import type { NamedNode, OnFinding } from '../entry-volume.ts';
import { u16le } from '../integers.ts';
import {
  decodeStream,
  entryBytes,
  entryType,
  nameOf,
  secondaryCount,
  setChecksum,
} from './entry-set.ts';
import { type ExfatNode, exfatNode } from './exfat-node.ts';

/** Decodes the entries of one directory, piece by piece: a set of entries may go on from one piece to the next. */
export class ExfatDirectory {
  readonly #onFinding: OnFinding;
  #entries: Uint8Array[] = [];
  #places: number[] = [];
  #wanted = 0;
  #hasEnded = false;

  /** @param onFinding - hears of sets that are broken */
  constructor(onFinding: OnFinding) {
    this.#onFinding = onFinding;
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
  entriesOf(bytes: Uint8Array, offsetBytes: number): readonly NamedNode<ExfatNode>[] {
    const found: NamedNode<ExfatNode>[] = [];
    for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
      if (bytes[at] === 0) {
        this.#hasEnded = true;
        break;
      }
      this.#entry(bytes.subarray(at, at + entryBytes), offsetBytes + at);
      const named = this.#entries.length === this.#wanted ? this.#take() : undefined;
      if (named !== undefined) found.push(named);
    }
    return found;
  }

  #entry(entry: Uint8Array, place: number): void {
    const type = entry[0]!;
    const count = entry[1]!;
    const isSecondary = (type & 0xc0) === 0xc0;
    if (isSecondary && this.#entries.length > 0) {
      this.#entries.push(entry);
      this.#places.push(place);
      return;
    }
    if (this.#entries.length > 0) this.#broken('it ends early');
    this.#entries = [];
    if (type !== entryType.file) return;
    this.#entries = [entry];
    this.#places = [place];
    this.#wanted = count + 1;
    if (count < secondaryCount.min || count > secondaryCount.max) {
      this.#broken(`it would have ${count} further entries`);
      this.#entries = [];
    }
  }

  /** A whole set; one whose checksum does not fit is shown all the same, as the systems do. */
  #take(): NamedNode<ExfatNode> | undefined {
    const [entries, places] = [this.#entries, this.#places];
    if (entries.length === 0) return undefined;
    const [file, second, ...names] = entries as [Uint8Array, Uint8Array, ...Uint8Array[]];
    if (setChecksum(entries) !== u16le(file, 2)) this.#broken('its checksum does not fit');
    const stream = decodeStream(second);
    const name = nameOf(names, stream.nameLength);
    const isNamed = name.length === stream.nameLength && !['', '.', '..'].includes(name);
    const isWhole = second[0] === entryType.stream && isNamed;
    if (!isWhole) this.#broken('it has no stream or no name');
    this.#entries = [];
    return isWhole ? { name, node: exfatNode(file, stream, [places[0]!, places[1]!]) } : undefined;
  }

  #broken(reason: string): void {
    const [offsetBytes] = this.#places;
    const structure = `set of entries at ${offsetBytes}`;
    this.#onFinding({ severity: 'damage', structure, offsetBytes, reason });
  }
}
