/** Longest key, bytes; far below what any implementation bears, and enough for every table. */
export const storeKeyBytesMax: number = 255;

/** Longest value, bytes. */
export const storeValueBytesMax: number = 1024 * 1024;

/** One row as it is read. Key and value are copies that belong to the reader. */
export interface StoreEntry {
  /** 1 to 255 bytes. */
  readonly key: Uint8Array;
  /** 0 bytes to 1 MiB. */
  readonly value: Uint8Array;
}

/** One change of a batch. Key and value are borrowed, and must not change, until the commit's promise is settled. */
export interface StoreWrite {
  /** One of the tables named at opening. */
  readonly table: string;
  /** 1 to 255 bytes. */
  readonly key: Uint8Array;
  /** New value, 0 to 1 MiB; left out: the row is deleted, if it is there. */
  readonly value?: Uint8Array;
}

/** Part of a table. */
export interface KeyRange {
  /** First key, included; left out: from the start of the table. */
  readonly from?: Uint8Array;
  /** Last key, not included; left out: to the end of the table. */
  readonly before?: Uint8Array;
  /** Most rows wanted, 1 or more. */
  readonly limit: number;
  /** Rows come from the last to the first. */
  readonly isDescending?: boolean;
}

/** How a store was found when it was opened. */
export type StoreRecovery =
  /** It did not exist. */
  | 'new'
  /** It was closed in order, and its file is, byte for byte, what was closed. */
  | 'sealed'
  /** The process or the machine went down: the content is that of some earlier commit. */
  | 'recovered';

/**
 * Tables of rows ordered by key, compared byte by byte. One process, one thread uses a store.
 * Reads are synchronous: they see every commit whose promise is resolved, never a part of one.
 */
export interface OrderedStore {
  /** How the store was found. */
  readonly recovery: StoreRecovery;
  /**
   * Looks one row up.
   * @param table - one of the tables named at opening
   * @param key - 1 to 255 bytes, borrowed
   * @returns its value, a copy; undefined when there is no such row
   * @throws DAMAGED, IO_FAILED
   */
  get(table: string, key: Uint8Array): Uint8Array | undefined;
  /**
   * Finds the first row whose key is `key` or larger.
   * @param table - one of the tables named at opening
   * @param key - 1 to 255 bytes, borrowed
   * @throws DAMAGED, IO_FAILED
   */
  seekAtOrAfter(table: string, key: Uint8Array): StoreEntry | undefined;
  /**
   * Walks part of a table. What is walked is one state of the table; walk it in one go, without waiting in between.
   * @param table - one of the tables named at opening
   * @param range - which part
   * @throws DAMAGED, IO_FAILED, also while walking
   */
  range(table: string, range: KeyRange): Iterable<StoreEntry>;
  /**
   * Applies a batch, all of it or nothing. Of several writes to one key the last counts. Commits apply in call order.
   * @param writes - the batch, borrowed until the promise is settled
   * @returns when every read sees the batch; that it is on stable storage is what `flushed` tells
   * @throws NO_SPACE, IO_FAILED, DAMAGED; nothing of the batch is then visible
   */
  commit(writes: readonly StoreWrite[]): Promise<void>;
  /**
   * Waits until every commit resolved before this call is on stable storage.
   * @throws IO_FAILED
   */
  flushed(): Promise<void>;
  /** Ends in order, waiting for commits under way. Later calls are bugs of the caller. */
  close(): Promise<void>;
}
