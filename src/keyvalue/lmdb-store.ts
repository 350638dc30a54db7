import { strict as assert } from 'node:assert';
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import { breakSeal, sealFile } from './file-seal.ts';
import { fromLmdbError } from './lmdb-errors.ts';
import { padDataFile } from './lmdb-file.ts';
import { rangeOptions, tableOptions } from './lmdb-rows.ts';
import type {
  KeyRange,
  OrderedStore,
  StoreEntry,
  StoreRecovery,
  StoreWrite,
} from './ordered-store.ts';
import { sortWrites } from './sort-writes.ts';
import { assertKey, assertWrites } from './store-limits.ts';

/**
 * A store in one LMDB file. What it withstands (docs/decisions/0010-index-store.md):
 * kill -9: every resolved commit is there; LMDB never overwrites a page that a commit still needs.
 * power loss: the newest commit whose flush had ended is there (overlappingSync keeps that commit's pages until the next
 * flush, and compares the boot id to know which of the two to take).
 * damage at rest: found at opening by the seal, if the store had been closed in order.
 */

/** Where a store lies, and what it holds. */
export interface LmdbStoreOptions {
  /** Folder of its own; made when it is not there. */
  readonly directory: string;
  /** Names of all tables; tables that exist but are not named are left alone. */
  readonly tables: readonly string[];
  /** Address space reserved, bytes: the largest the file can become. */
  readonly mapBytes?: number;
}

type Table = Database<Buffer, Buffer>;

/** With less than this left, a failed write failed for want of space; more than one batch takes, in bytes. */
const fullBytesMax = 64 * 1024 * 1024;

/** 256 GiB: more than a thousand million chunks, and within the address space of every 64-bit system. */
const mapBytesDefault = 2 ** 38;

/**
 * Opens or makes a store, after comparing it with its seal.
 * @param options - see LmdbStoreOptions
 * @throws DAMAGED when the file cannot be trusted: remove it with removeLmdbStore and build it anew
 * @throws NO_SPACE, IO_FAILED
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<OrderedStore> {
  const dataFile = join(options.directory, 'data.mdb');
  const mapBytes = options.mapBytes ?? mapBytesDefault;
  let recovery: StoreRecovery;
  try {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    recovery = await breakSeal(dataFile, sealPath(options.directory));
    if (recovery === 'recovered') await padDataFile(dataFile, mapBytes);
  } catch (error) {
    throw fromSystemError(error, 'Opening', dataFile);
  }
  try {
    return new LmdbStore({ ...options, mapBytes }, recovery);
  } catch (error) {
    throw fromLmdbError(error, 'Opening', dataFile);
  }
}

/**
 * Removes a store's files, so that the next opening makes a new one. The store must be closed.
 * @param directory - its folder
 * @throws IO_FAILED
 */
export async function removeLmdbStore(directory: string): Promise<void> {
  try {
    for (const name of ['data.mdb', 'lock.mdb', 'seal.json', 'seal.json.draft']) {
      await rm(join(directory, name), { force: true });
    }
  } catch (error) {
    throw fromSystemError(error, 'Removing', directory);
  }
}

class LmdbStore implements OrderedStore {
  readonly recovery: StoreRecovery;
  readonly #directory: string;
  readonly #file: string;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #tables = new Map<string, Table>();
  /** Set by a failed flush: what is on stable storage is then unknown, and no seal may be written. */
  #isBroken = false;

  constructor(options: Required<LmdbStoreOptions>, recovery: StoreRecovery) {
    this.recovery = recovery;
    this.#directory = options.directory;
    this.#file = join(options.directory, 'data.mdb');
    this.#root = open<Buffer, Buffer>({
      path: options.directory,
      noSubdir: false,
      maxDbs: options.tables.length + 1,
      mapSize: options.mapBytes,
      pageSize: 4096,
      // Commits are visible at once and flushed behind; never noSync, which could leave a broken file after a power cut.
      overlappingSync: true,
      // Off: free room in pages is zeroed, so that no memory of this process gets onto the disk.
      noMemInit: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      // Off: our batches are explicit, and the promise that the binding makes for a turn of its own is nobody's to handle.
      eventTurnBatching: false,
    });
    for (const name of options.tables) {
      this.#tables.set(name, this.#root.openDB<Buffer, Buffer>(name, tableOptions));
    }
  }

  get(table: string, key: Uint8Array): Uint8Array | undefined {
    assertKey(key);
    const database = this.#table(table);
    return this.#reading(() => database.get(key as Buffer));
  }

  seekAtOrAfter(table: string, key: Uint8Array): StoreEntry | undefined {
    assertKey(key);
    const rows = this.#table(table).getRange({ start: key as Buffer, limit: 1 });
    return this.#reading(() => {
      for (const row of rows) return row;
      return undefined;
    });
  }

  *range(table: string, range: KeyRange): Iterable<StoreEntry> {
    assert(range.limit >= 1);
    const rows = this.#table(table).getRange(rangeOptions(range))[Symbol.iterator]();
    try {
      for (;;) {
        const step = this.#reading(() => rows.next());
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      rows.return?.();
    }
  }

  async commit(writes: readonly StoreWrite[]): Promise<void> {
    assertWrites(writes);
    if (writes.length === 0) return;
    const sorted = sortWrites(writes);
    for (const write of sorted) this.#table(write.table);
    try {
      await this.#root.batch(() => {
        for (const write of sorted) this.#enqueue(write);
      });
    } catch (error) {
      throw await this.#commitError(await commitCause(error));
    }
  }

  async flushed(): Promise<void> {
    try {
      await this.#root.flushed;
    } catch (error) {
      this.#isBroken = true;
      throw fromLmdbError(await commitCause(error), 'Flushing', this.#file);
    }
  }

  async close(): Promise<void> {
    await this.flushed();
    this.#tables.clear();
    await this.#root.close();
    if (this.#isBroken) return;
    try {
      await sealFile(this.#file, sealPath(this.#directory));
    } catch (error) {
      throw fromSystemError(error, 'Sealing', this.#file);
    }
  }

  /** LMDB calls a write that came out short an I/O error; what it means is told by the space that is left. */
  async #commitError(error: unknown): Promise<Error> {
    const translated = fromLmdbError(error, 'Writing', this.#file);
    if (translated.code !== 'IO_FAILED') return translated;
    const { bavail, bsize } = await statfs(this.#directory);
    if (bavail * bsize > fullBytesMax) return translated;
    return new SecondwindError('NO_SPACE', { file: this.#file, action: 'Writing' }, error);
  }

  #enqueue(write: StoreWrite): void {
    const table = this.#table(write.table);
    // Inside a batch the single promises say nothing; the batch's own promise is awaited.
    if (write.value === undefined) void table.remove(write.key as Buffer);
    else void table.put(write.key as Buffer, write.value as Buffer);
  }

  #table(name: string): Table {
    const table = this.#tables.get(name);
    assert(table, `there is no table ${name}, or the store is closed`);
    return table;
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw fromLmdbError(error, 'Reading', this.#file);
    }
  }
}

function sealPath(directory: string): string {
  return join(directory, 'seal.json');
}

/** LMDB's binding says "commit failed" and hands the reason over in a promise of its own. */
async function commitCause(error: unknown): Promise<unknown> {
  const cause = (error as { commitError?: Promise<unknown> } | undefined)?.commitError;
  if (cause === undefined) return error;
  return cause.then(
    () => error,
    (reason: unknown) => reason,
  );
}
