/** Result of an operation that may already be complete: awaiting a plain value costs a turn, so hot paths look first. */
export type Awaitable<T> = T | Promise<T>;

/** Run of bytes of a disk that is of one kind. */
export interface DiskExtent {
  /** Bytes covered, more than 0. */
  readonly lengthBytes: number;
  /** Whether the bytes are known to read as zeroes without being stored. */
  readonly isHole: boolean;
  /** Of a view: the bytes read as zeroes because they were excluded, so what they held is not known. They count as a hole. */
  readonly isExcluded?: true;
}

/** A block device that can be read: a view, an image file, a device. Safe to read concurrently. */
export interface ReadableDisk {
  /** Size, bytes. Any value is allowed; the last block may be short. */
  readonly sizeBytes: number;
  /**
   * Fills `target` with the bytes at `offsetBytes`.
   * @param target - filled whole on success; its content is undefined on failure; borrowed until the call ends
   * @param offsetBytes - 0 ≤ offset, offset + target.length ≤ sizeBytes
   */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void>;
  /**
   * Tells holes from data.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - span asked for, bytes; the answer may stop early but covers at least one extent
   * @returns extents in order from `offsetBytes`, together at most `lengthBytes`
   */
  extents(offsetBytes: number, lengthBytes: number): Awaitable<readonly DiskExtent[]>;
  /**
   * Says that a range will be read soon, where the disk can use that; left out where it cannot.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - length, bytes
   */
  prefetch?(offsetBytes: number, lengthBytes: number): Awaitable<void>;
  /**
   * Finds what of a range reads as zeroes only because it was excluded. Whoever shows content of files asks before reading it; left out by
   * disks that hold everything.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - length, bytes
   * @returns offset of the first such byte; undefined when there is none
   */
  firstExcluded?(offsetBytes: number, lengthBytes: number): number | undefined;
  /** Releases what the disk holds; further calls fail. */
  close(): Promise<void>;
}

/** How a write must be carried out. */
export interface WriteOptions {
  /** The write is on stable storage before the call ends (FUA). */
  readonly isForced?: boolean;
}

/** A block device that can be written too. Overlapping concurrent writes leave either one's bytes, never a mixture within a block. */
export interface WritableDisk extends ReadableDisk {
  /** Whether zeroing a range costs much less than writing as many bytes; no when left out. */
  readonly isFastToZero?: boolean;
  /**
   * Writes bytes.
   * @param data - borrowed until the call ends
   * @param offsetBytes - 0 ≤ offset, offset + data.length ≤ sizeBytes
   * @param options - see WriteOptions
   */
  write(data: Uint8Array, offsetBytes: number, options?: WriteOptions): Awaitable<void>;
  /**
   * Makes a range read as zeroes; releases the space below where `mayTrim`.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - length, bytes
   * @param options - `mayTrim`: the range need not stay allocated
   */
  writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    options?: WriteOptions & { readonly mayTrim?: boolean },
  ): Awaitable<void>;
  /**
   * Says that a range's content is no longer needed; afterwards it reads as zeroes.
   * @param offsetBytes - start, bytes
   * @param lengthBytes - length, bytes
   * @param options - see WriteOptions
   */
  trim(offsetBytes: number, lengthBytes: number, options?: WriteOptions): Awaitable<void>;
  /** Everything written before this call began is on stable storage when it ends. */
  flush(): Awaitable<void>;
}
