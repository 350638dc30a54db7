import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSecondwindError } from '../../base/errors.ts';
import { openLmdbStore } from '../../keyvalue/lmdb-store.ts';
import { MemoryStore } from '../../keyvalue/memory-store.ts';
import type { OrderedStore } from '../../keyvalue/ordered-store.ts';
import { indexTableNames } from '../index-tables/index-tables.ts';

/** Where the indexes live. They can be lost: whoever opens them replays the log from where they have got to. */
export interface IndexHome {
  /** Opens the newest index; a damaged one is thrown away for a new one. @throws IO_FAILED, NO_SPACE */
  openNewest(): Promise<OrderedStore>;
  /** Makes an empty index beside the newest one, which it replaces once `settle` is called. @throws IO_FAILED, NO_SPACE */
  openFresh(): Promise<OrderedStore>;
  /** Removes all but the index opened last. The others must be closed. @throws IO_FAILED */
  settle(): Promise<void>;
}

/** Indexes in numbered folders below one folder, one LMDB file each. */
export class FolderIndexHome implements IndexHome {
  readonly #folder: string;
  #current = 0;

  /** @param folder - absolute path, made when missing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** See IndexHome. */
  async openNewest(): Promise<OrderedStore> {
    const numbers = await this.#numbers();
    this.#current = Math.max(1, ...numbers);
    try {
      return await this.#open();
    } catch (error) {
      if (!isSecondwindError(error, 'DAMAGED')) throw error;
      const store = await this.openFresh();
      await this.settle();
      return store;
    }
  }

  /** See IndexHome. */
  async openFresh(): Promise<OrderedStore> {
    this.#current = Math.max(this.#current, ...(await this.#numbers())) + 1;
    return this.#open();
  }

  /** See IndexHome. */
  async settle(): Promise<void> {
    for (const number of await this.#numbers()) {
      if (number !== this.#current) await rm(this.#path(number), { recursive: true, force: true });
    }
  }

  #open(): Promise<OrderedStore> {
    return openLmdbStore({ directory: this.#path(this.#current), tables: indexTableNames });
  }

  #path(number: number): string {
    return join(this.#folder, String(number).padStart(4, '0'));
  }

  async #numbers(): Promise<number[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
    return names.filter((name) => /^\d{4,}$/.test(name)).map(Number);
  }
}

/** Indexes in memory, for tests and simulations: every opening after a crash begins with an empty one. */
export class MemoryIndexHome implements IndexHome {
  /** See IndexHome. */
  openNewest(): Promise<OrderedStore> {
    return this.openFresh();
  }

  /** See IndexHome. */
  openFresh(): Promise<OrderedStore> {
    return Promise.resolve(new MemoryStore(indexTableNames));
  }

  /** See IndexHome. */
  async settle(): Promise<void> {
    await Promise.resolve();
  }
}
