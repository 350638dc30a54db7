import { SecondwindError } from '../../base/errors.ts';
import { encodeName } from '../../filesystem/name-text.ts';
import type { ServedEntry, ServedFile } from '../../filesystem/served-tree.ts';
import { directoryNamesMax } from '../limits.ts';
import { encodeDirectoryEntry } from '../protocol/reply.ts';

/**
 * An open directory. It is read as far as somebody looks; what was read is kept, so that a program may go back to any place and
 * finds the same names. Offsets are the numbers of names.
 */
export class DirectoryListing {
  readonly #entries: ServedEntry[] = [];
  readonly #batches: AsyncIterator<readonly ServedEntry[]>;
  #isWhole = false;
  #reading: Promise<void> = Promise.resolve();

  /** @param directory - what is listed */
  constructor(directory: ServedFile) {
    this.#batches = directory.list()[Symbol.asyncIterator]();
  }

  /**
   * Names from a place on, as many as fit.
   * @param offset - number of the first name
   * @param lengthBytes - room for the reply
   * @throws what the directory throws; LIMIT_EXCEEDED for one of too many names
   */
  async read(offset: number, lengthBytes: number): Promise<Buffer[]> {
    const parts: Buffer[] = [];
    let roomBytes = lengthBytes;
    for (let index = offset; await this.#has(index); index += 1) {
      const { name, kind } = this.#entries[index]!;
      const entry = encodeDirectoryEntry(encodeName(name), kind, index + 1);
      if (entry.length > roomBytes) break;
      roomBytes -= entry.length;
      parts.push(entry);
    }
    return parts;
  }

  /** Ends the listing below. */
  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  /** Two programs that share an open directory take turns at reading on. */
  async #has(index: number): Promise<boolean> {
    while (index >= this.#entries.length && !this.#isWhole) {
      this.#reading = this.#reading.then(() => this.#readOn(index));
      await this.#reading;
    }
    return index < this.#entries.length;
  }

  async #readOn(index: number): Promise<void> {
    if (index < this.#entries.length || this.#isWhole) return;
    const batch = await this.#batches.next();
    if (batch.done === true) {
      this.#isWhole = true;
      return;
    }
    const count = this.#entries.length + batch.value.length;
    if (count > directoryNamesMax) {
      const data = { what: 'Names in one directory', value: count, limit: directoryNamesMax };
      throw new SecondwindError('LIMIT_EXCEEDED', data);
    }
    for (const entry of batch.value) this.#entries.push(entry);
  }
}
