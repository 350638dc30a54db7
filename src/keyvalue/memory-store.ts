import { strict as assert } from 'node:assert';
import { MemoryTable } from './memory-table.ts';
import type {
  KeyRange,
  OrderedStore,
  StoreEntry,
  StoreRecovery,
  StoreWrite,
} from './ordered-store.ts';
import { assertKey, assertWrites } from './store-limits.ts';

/** What undoes one commit: the values that its keys had before. */
type Undo = readonly StoreWrite[];

/**
 * A store in memory for tests and simulations. It remembers how to undo what is not flushed, so that a crash can throw
 * away any number of the newest commits, as a power cut does.
 */
export class MemoryStore implements OrderedStore {
  /** 'new' at first, 'recovered' after a crash. */
  recovery: StoreRecovery = 'new';
  readonly #tables = new Map<string, MemoryTable>();
  #undo: Undo[] = [];
  #isClosed = false;
  #commitError: Error | undefined;
  #lastCommit: Promise<void> = Promise.resolve();

  /** @param tables - names of all tables */
  constructor(tables: readonly string[]) {
    for (const table of tables) this.#tables.set(table, new MemoryTable());
  }

  /** Commits that a crash may still throw away. */
  get unflushedCommits(): number {
    return this.#undo.length;
  }

  /** @param error - what every commit from now on fails with; undefined: commits work again */
  failCommits(error: Error | undefined): void {
    this.#commitError = error;
  }

  /** @inheritdoc */
  get(table: string, key: Uint8Array): Uint8Array | undefined {
    assertKey(key);
    const row = this.#table(table).find(key);
    return row && copyOf(row).value;
  }

  /** @inheritdoc */
  seekAtOrAfter(table: string, key: Uint8Array): StoreEntry | undefined {
    assertKey(key);
    const row = this.#table(table).atOrAfter(key);
    return row && copyOf(row);
  }

  /** @inheritdoc */
  *range(table: string, range: KeyRange): Iterable<StoreEntry> {
    assert(range.limit >= 1);
    for (const row of this.#table(table).slice(range)) yield copyOf(row);
  }

  /** @inheritdoc */
  commit(writes: readonly StoreWrite[]): Promise<void> {
    assertWrites(writes);
    for (const write of writes) this.#table(write.table);
    this.#lastCommit = this.#lastCommit.catch(() => undefined).then(() => this.#apply(writes));
    return this.#lastCommit;
  }

  /** @inheritdoc */
  async flushed(): Promise<void> {
    await this.#lastCommit.catch(() => undefined);
    this.#undo = [];
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    await this.flushed();
    this.#isClosed = true;
  }

  /**
   * Goes down without warning and comes back: the oldest `keptCommits` of the unflushed commits survive.
   * @param keptCommits - 0 to unflushedCommits
   */
  crash(keptCommits: number): void {
    assert(keptCommits >= 0 && keptCommits <= this.#undo.length);
    for (const undo of this.#undo.splice(keptCommits).reverse()) this.#put(undo);
    this.#undo = [];
    this.recovery = 'recovered';
  }

  #apply(writes: readonly StoreWrite[]): void {
    if (this.#commitError !== undefined) throw this.#commitError;
    const undo = writes.map(({ table, key }): StoreWrite => {
      const value = this.#table(table).find(key)?.value;
      return { table, key: Uint8Array.from(key), ...(value === undefined ? {} : { value }) };
    });
    this.#put(writes);
    this.#undo.push(undo);
  }

  #put(writes: readonly StoreWrite[]): void {
    for (const write of writes) this.#table(write.table).set(write.key, write.value);
  }

  #table(name: string): MemoryTable {
    assert(!this.#isClosed, 'the store is closed');
    const table = this.#tables.get(name);
    assert(table, `there is no table ${name}`);
    return table;
  }
}

function copyOf(row: StoreEntry): StoreEntry {
  return { key: Uint8Array.from(row.key), value: Uint8Array.from(row.value) };
}
