import type { Awaitable, ReadableDisk } from '../disk/disk.ts';
import { damagedFileSystem } from './damage.ts';
import type { FileSystemKind } from './file-system.ts';
import { metadataCacheBytes, metadataPageBytes, structureBytesMax } from './limits.ts';

/** A structure that a reader wants to see. */
export interface StructurePlace {
  /** Where it lies on the volume, bytes. */
  readonly offsetBytes: number;
  /** Its length, bytes. */
  readonly lengthBytes: number;
  /** What it is, for the error when it cannot lie there: "inode 17, extent leaf". */
  readonly structure: string;
}

type Page = Uint8Array;

/**
 * Metadata of one volume, cached by pages, the least recently used leaves first. What is in the cache is answered at once, so
 * that a walk over a million files does not wait a million times. Content of files does not go through here.
 */
export class VolumeCache {
  readonly #volume: ReadableDisk;
  readonly #kind: FileSystemKind;
  readonly #pagesMax: number;
  readonly #pages = new Map<number, Page>();
  /** The page that was used last: most structures lie in the same one as the structure before. */
  #newest: { readonly number: number; readonly page: Page } | undefined;
  readonly #loading = new Map<number, Promise<Page>>();

  /**
   * @param volume - what is read; stays its owner's
   * @param kind - for errors
   * @param capacityBytes - memory for pages
   */
  constructor(
    volume: ReadableDisk,
    kind: FileSystemKind,
    capacityBytes: number = metadataCacheBytes,
  ) {
    this.#volume = volume;
    this.#kind = kind;
    this.#pagesMax = Math.max(1, Math.floor(capacityBytes / metadataPageBytes));
  }

  /** Size of the volume, bytes. */
  get sizeBytes(): number {
    return this.#volume.sizeBytes;
  }

  /**
   * The bytes of a structure.
   * @returns them; borrowed, never to be written; stays valid after the cache has let the page go
   * @throws FILE_SYSTEM_DAMAGED when the place is not on the volume or too long to be true; what the volume throws
   */
  bytes(place: StructurePlace): Awaitable<Uint8Array> {
    this.#check(place);
    const { offsetBytes, lengthBytes } = place;
    const number = Math.floor(offsetBytes / metadataPageBytes);
    const start = offsetBytes - number * metadataPageBytes;
    if (start + lengthBytes > metadataPageBytes) return this.#gather(place);
    const page = this.#get(number);
    if (page !== undefined) return page.subarray(start, start + lengthBytes);
    return this.#load(number).then((loaded) => loaded.subarray(start, start + lengthBytes));
  }

  #check({ offsetBytes, lengthBytes, structure }: StructurePlace): void {
    const isInside =
      Number.isSafeInteger(offsetBytes) &&
      offsetBytes >= 0 &&
      lengthBytes >= 0 &&
      lengthBytes <= structureBytesMax &&
      offsetBytes + lengthBytes <= this.#volume.sizeBytes;
    if (isInside) return;
    throw damagedFileSystem({
      kind: this.#kind,
      structure,
      offsetBytes,
      reason: `it would be ${lengthBytes} bytes there, and the volume has ${this.#volume.sizeBytes}`,
    });
  }

  /** A structure that crosses pages is copied together. */
  async #gather({ offsetBytes, lengthBytes }: StructurePlace): Promise<Uint8Array> {
    const gathered = new Uint8Array(lengthBytes);
    for (let done = 0; done < lengthBytes; ) {
      const number = Math.floor((offsetBytes + done) / metadataPageBytes);
      const start = offsetBytes + done - number * metadataPageBytes;
      const page = this.#get(number) ?? (await this.#load(number));
      const part = page.subarray(start, start + lengthBytes - done);
      gathered.set(part, done);
      done += part.length;
    }
    return gathered;
  }

  #get(number: number): Page | undefined {
    if (this.#newest?.number === number) return this.#newest.page;
    const page = this.#pages.get(number);
    if (page === undefined) return undefined;
    this.#pages.delete(number);
    this.#pages.set(number, page);
    this.#newest = { number, page };
    return page;
  }

  /** Two who want the same page at once wait for one read. */
  #load(number: number): Promise<Page> {
    const known = this.#loading.get(number);
    if (known !== undefined) return known;
    const loading = this.#read(number).finally(() => this.#loading.delete(number));
    this.#loading.set(number, loading);
    return loading;
  }

  async #read(number: number): Promise<Page> {
    const offsetBytes = number * metadataPageBytes;
    const page = new Uint8Array(Math.min(metadataPageBytes, this.#volume.sizeBytes - offsetBytes));
    await this.#volume.read(page, offsetBytes);
    this.#pages.set(number, page);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= this.#pagesMax) break;
      this.#pages.delete(oldest);
    }
    return page;
  }
}
