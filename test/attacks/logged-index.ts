import { SecondwindError } from '../../src/base/errors.ts';
import { MemoryStore } from '../../src/keyvalue/memory-store.ts';
import type { OrderedStore, StoreWrite } from '../../src/keyvalue/ordered-store.ts';
import type { IndexHome } from '../../src/repository/index.ts';
import { indexTableNames } from '../../src/repository/index-tables/index-tables.ts';

/** Something that happened to an index, as a mark in the log of a CrashStorage. */
export type IndexMark =
  | { readonly kind: 'index-new'; readonly store: number }
  | {
      readonly kind: 'index-commit';
      readonly store: number;
      readonly writes: readonly StoreWrite[];
    }
  | { readonly kind: 'index-flushed'; readonly store: number };

/** Indexes in memory whose every commit is noted, so that a cut can leave any of their earlier states. */
export class LoggedIndexHome implements IndexHome {
  /** Decides whether a commit of the index fails, given its number from 1. */
  fails: ((commit: number) => boolean) | undefined = undefined;
  /** Every commit of the index waits for this first. */
  pause: (() => Promise<void>) | undefined = undefined;
  #commitCount = 0;
  readonly #mark: (mark: IndexMark) => void;
  #newest: MemoryStore | undefined;
  #number = 0;
  #session = { isDead: false };

  /**
   * @param mark - told what happens
   * @param newest - the index that survived; left out: none did
   */
  constructor(mark: (mark: IndexMark) => void, newest?: MemoryStore) {
    this.#mark = mark;
    this.#newest = newest;
  }

  /** Kills whoever uses the index: nothing they do from now on happens. The index is what it is now. */
  takeOver(): void {
    this.#session.isDead = true;
    this.#session = { isDead: false };
    if (this.#newest !== undefined) this.#newest.recovery = 'recovered';
  }

  async openNewest(): Promise<OrderedStore> {
    return this.#newest === undefined ? this.openFresh() : this.#logged(this.#newest);
  }

  async openFresh(): Promise<OrderedStore> {
    this.#newest = new MemoryStore(indexTableNames);
    this.#mark({ kind: 'index-new', store: ++this.#number });
    return this.#logged(this.#newest);
  }

  async settle(): Promise<void> {
    await Promise.resolve();
  }

  #logged(below: MemoryStore): OrderedStore {
    const session = this.#session;
    const store = this.#number;
    const live = async (): Promise<void> => {
      if (session.isDead) await new Promise(() => undefined);
    };
    return {
      recovery: below.recovery,
      get: (table, key) => below.get(table, key),
      seekAtOrAfter: (table, key) => below.seekAtOrAfter(table, key),
      range: (table, range) => below.range(table, range),
      commit: async (writes) => {
        await this.pause?.();
        await live();
        if (this.fails?.(++this.#commitCount) === true) {
          throw new SecondwindError('NO_SPACE', { file: 'the index' });
        }
        await below.commit(writes);
        this.#mark({ kind: 'index-commit', store, writes: writes.map((write) => ({ ...write })) });
      },
      flushed: async () => {
        await live();
        this.#mark({ kind: 'index-flushed', store });
      },
      // The store below stays open: it is what the next process finds.
      close: async () => {
        await live();
        below.recovery = 'sealed';
      },
    };
  }
}

/**
 * Makes an index again from what was noted of it.
 * @param commits - those that survived, in order
 */
export async function indexOf(commits: readonly (readonly StoreWrite[])[]): Promise<MemoryStore> {
  const store = new MemoryStore(indexTableNames);
  for (const writes of commits) await store.commit(writes);
  store.recovery = 'recovered';
  return store;
}
