/** An object of the store. */
export interface StoredObject {
  /** Relative path. */
  readonly name: string;
  /** Size, bytes. */
  readonly sizeBytes: number;
}

/**
 * Where segments and keys lie: a folder, memory, later object storage. Names are relative paths of lower-case letters,
 * digits, dots, dashes and slashes. Objects are made once and never changed after they were closed.
 */
export interface Storage {
  /**
   * Lists objects in order of name.
   * @param prefix - folder, with its final slash
   */
  list(prefix: string): Promise<readonly StoredObject[]>;
  /**
   * Makes an object to be written piece by piece.
   * @throws ALREADY_EXISTS; NO_SPACE, IO_FAILED
   */
  create(name: string): Promise<StorageWriter>;
  /**
   * Makes or replaces a small object whole: after a crash there is the old one or the new one, nothing between.
   * @throws NO_SPACE, IO_FAILED
   */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /**
   * Opens an object for reading; it may still be growing.
   * @throws NOT_FOUND, IO_FAILED
   */
  open(name: string): Promise<StorageReader>;
  /**
   * Makes what an object holds from a place on survive a power loss, exactly as it is read now. For what a process that
   * is gone has written: nobody knows whether that was synced, or whether a sync of it failed. So the same bytes are written once more.
   * Nobody may be writing the object.
   * @param name - of the object
   * @param fromBytes - the first byte that is not known to be durable
   * @throws NOT_FOUND, NO_SPACE, IO_FAILED
   */
  harden(name: string, fromBytes: number): Promise<void>;
  /**
   * Removes an object; one that is not there is no error.
   * @throws IO_FAILED
   */
  delete(name: string): Promise<void>;
}

/** An object being made. */
export interface StorageWriter {
  /**
   * Writes a piece. Pieces may come in any order but never overlap.
   * @throws NO_SPACE, IO_FAILED; the object's content in that range is then undefined
   */
  write(bytes: Uint8Array, offsetBytes: number): Promise<void>;
  /**
   * When it ends, everything written before the call, and the object's name, survive a power loss.
   * @throws IO_FAILED, NO_SPACE; what was written since the last sync is then undefined for good
   */
  sync(): Promise<void>;
  /** Releases the object; not synced. */
  close(): Promise<void>;
}

/** An object opened for reading. */
export interface StorageReader {
  /** What worker threads read by: a file descriptor, or a function where there is only one thread. */
  readonly source: number | ((target: Uint8Array, offsetBytes: number) => number);
  /** Size now, bytes. */
  sizeBytes(): Promise<number>;
  /**
   * Reads a piece.
   * @returns bytes read; fewer than asked only at the end
   * @throws IO_FAILED
   */
  read(target: Uint8Array, offsetBytes: number): Promise<number>;
  /** Releases it. */
  close(): Promise<void>;
}
