import type { ReadableDisk } from '../../disk/disk.ts';
import { handlesMax } from '../limits.ts';
import type { DirectoryListing } from './directory-listing.ts';

/** Something open. */
export type OpenHandle =
  | { readonly kind: 'file'; readonly content: ReadableDisk }
  | { readonly kind: 'directory'; readonly listing: DirectoryListing };

/** What programs have open. */
export class HandleTable {
  readonly #handles = new Map<number, OpenHandle>();
  #nextNumber = 1;

  /** Whether one more may be opened. */
  get hasRoom(): boolean {
    return this.#handles.size < handlesMax;
  }

  /**
   * Remembers something open.
   * @param handle - belongs to the table until it is released
   * @returns its number
   */
  add(handle: OpenHandle): number {
    const number = this.#nextNumber++;
    this.#handles.set(number, handle);
    return number;
  }

  /**
   * Content of an open file.
   * @param number - of the handle
   */
  content(number: number): ReadableDisk | undefined {
    const handle = this.#handles.get(number);
    return handle?.kind === 'file' ? handle.content : undefined;
  }

  /**
   * Listing of an open directory.
   * @param number - of the handle
   */
  listing(number: number): DirectoryListing | undefined {
    const handle = this.#handles.get(number);
    return handle?.kind === 'directory' ? handle.listing : undefined;
  }

  /**
   * Closes something.
   * @param number - of the handle
   */
  async release(number: number): Promise<void> {
    const handle = this.#handles.get(number);
    this.#handles.delete(number);
    if (handle?.kind === 'file') await handle.content.close();
    else await handle?.listing.close();
  }

  /** Closes everything. */
  async close(): Promise<void> {
    for (const number of [...this.#handles.keys()]) await this.release(number);
  }
}
