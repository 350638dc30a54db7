import assert from 'node:assert/strict';
import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import { diskBytesMax } from '../base/limits.ts';
import type { Awaitable, DiskExtent, WritableDisk, WriteOptions } from './disk.ts';
import { type FileShape, fileShape } from './file-size.ts';
import { FileZeroing } from './file-zeroing.ts';
import { GroupSync } from './group-sync.ts';
import { Pending } from './pending.ts';
import {
  type FilePlace,
  readWhole,
  readWholeSync,
  writeWhole,
  writeWholeSync,
} from './positional-io.ts';
import { assertInside } from './range.ts';
import { SyncGate } from './sync-gate.ts';

/** How to open a file as a disk. */
export interface FileDiskOptions {
  /** Measures operations, to keep slow ones off the event loop. */
  readonly clock: Clock;
  /** Whether writes are refused; no when left out. */
  readonly isReadOnly?: boolean;
}

interface OpenFile extends FileShape {
  readonly handle: FileHandle;
  readonly file: string;
  readonly isNew: boolean;
}

/**
 * Opens a disk image or block device.
 * @param file - path
 * @param options - see FileDiskOptions
 * @throws NOT_A_DISK when it is neither; LIMIT_EXCEEDED when it is too large
 */
export async function openFileDisk(file: string, options: FileDiskOptions): Promise<FileDisk> {
  const handle = await openFile(file, options.isReadOnly === true ? 'r' : 'r+');
  return orClose(handle, async () => {
    const shape = await fileShape(handle, file);
    assertSize(shape.sizeBytes);
    return new FileDisk({ ...shape, handle, file, isNew: false }, options);
  });
}

/**
 * Makes a new sparse disk image; its zeroes are known, and cost nothing to read, ask for or write again.
 * @param file - path, where nothing may be yet
 * @param sizeBytes - size, bytes
 * @param options - see FileDiskOptions
 * @throws LIMIT_EXCEEDED when it would be too large
 */
export async function createFileDisk(
  file: string,
  sizeBytes: number,
  options: FileDiskOptions,
): Promise<FileDisk> {
  assertSize(sizeBytes);
  const handle = await openFile(file, 'wx+');
  return orClose(handle, async () => {
    await handle.truncate(sizeBytes);
    return new FileDisk({ sizeBytes, isDevice: false, handle, file, isNew: true }, options);
  });
}

/**
 * A regular file or block device as a disk. Small requests are done in the caller's own turn while the page cache answers
 * quickly. Opened writable, it must have no other writer.
 */
export class FileDisk implements WritableDisk {
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** Path, for people. */
  readonly file: string;
  /** Whether writes are refused. */
  readonly isReadOnly: boolean;
  readonly #handle: FileHandle;
  readonly #clock: Clock;
  readonly #readGate: SyncGate;
  readonly #writeGate: SyncGate;
  readonly #sync: GroupSync;
  readonly #zeroing: FileZeroing;
  readonly #pending = new Pending();
  #fd: number;

  /**
   * @param opened - the file and what is known of it; the disk closes it
   * @param options - see FileDiskOptions
   */
  constructor(opened: OpenFile, options: FileDiskOptions) {
    this.sizeBytes = opened.sizeBytes;
    this.file = opened.file;
    this.isReadOnly = options.isReadOnly ?? false;
    this.#handle = opened.handle;
    this.#fd = opened.handle.fd;
    this.#clock = options.clock;
    this.#readGate = new SyncGate(options.clock);
    this.#writeGate = new SyncGate(options.clock);
    this.#sync = new GroupSync(this.#fd, opened.file);
    this.#zeroing = new FileZeroing(opened);
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED
   */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    const place = this.#place(offsetBytes, target.length);
    if (!this.#readGate.isOpenFor(target.length)) {
      return this.#later('Reading', readWhole(target, place));
    }
    const startMs = this.#clock.steadyMs();
    try {
      readWholeSync(target, place);
    } catch (error) {
      throw fromSystemError(error, 'Reading', this.file);
    }
    this.#readGate.record(startMs);
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED, NO_SPACE, READ_ONLY
   */
  write(data: Uint8Array, offsetBytes: number, options?: WriteOptions): Awaitable<void> {
    const place = this.#writablePlace(offsetBytes, data.length);
    this.#zeroing.willWrite(offsetBytes, data.length);
    if (!this.#writeGate.isOpenFor(data.length)) {
      return this.#later('Writing', writeWhole(data, place), options);
    }
    const startMs = this.#clock.steadyMs();
    try {
      writeWholeSync(data, place);
    } catch (error) {
      throw fromSystemError(error, 'Writing', this.file);
    }
    this.#writeGate.record(startMs);
    if (options?.isForced === true) return this.flush();
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED, NO_SPACE, READ_ONLY
   */
  writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    options?: WriteOptions & { readonly mayTrim?: boolean },
  ): Awaitable<void> {
    this.#writablePlace(offsetBytes, lengthBytes);
    const zeroed = this.#zeroing.zero(offsetBytes, lengthBytes, options?.mayTrim ?? false);
    if (zeroed !== undefined) return this.#later('Writing zeroes', zeroed, options);
    if (options?.isForced === true) return this.flush();
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED, NO_SPACE, READ_ONLY
   */
  trim(offsetBytes: number, lengthBytes: number, options?: WriteOptions): Awaitable<void> {
    return this.writeZeroes(offsetBytes, lengthBytes, { ...options, mayTrim: true });
  }

  /**
   * @inheritdoc
   * @throws IO_FAILED, NO_SPACE; after one failure always, see GroupSync
   */
  flush(): Promise<void> {
    this.#place(0, 0);
    return this.#pending.track(this.#sync.sync());
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    this.#place(offsetBytes, lengthBytes);
    return this.#zeroing.extents(offsetBytes, lengthBytes);
  }

  /** @inheritdoc */
  async close(): Promise<void> {
    if (this.#fd === -1) return;
    this.#fd = -1;
    await this.#pending.whenIdle();
    await this.#handle.close();
  }

  #place(offsetBytes: number, lengthBytes: number): FilePlace {
    assert.notEqual(this.#fd, -1, 'the disk was closed');
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    return { fd: this.#fd, position: offsetBytes, file: this.file };
  }

  #writablePlace(offsetBytes: number, lengthBytes: number): FilePlace {
    if (this.isReadOnly) throw new SecondwindError('READ_ONLY', { what: this.file });
    return this.#place(offsetBytes, lengthBytes);
  }

  #later(action: string, operation: Promise<void>, options?: WriteOptions): Promise<void> {
    return this.#pending.track(this.#ended(action, operation, options));
  }

  async #ended(action: string, operation: Promise<void>, options?: WriteOptions): Promise<void> {
    try {
      await operation;
    } catch (error) {
      throw fromSystemError(error, action, this.file);
    }
    if (options?.isForced === true) await this.#sync.sync();
  }
}

function assertSize(sizeBytes: number): void {
  if (sizeBytes <= diskBytesMax) return;
  const data = { what: 'The size of the disk', value: sizeBytes, limit: diskBytesMax };
  throw new SecondwindError('LIMIT_EXCEEDED', data);
}

async function openFile(file: string, flags: string): Promise<FileHandle> {
  try {
    return await open(file, flags, 0o600);
  } catch (error) {
    throw fromSystemError(error, 'Opening', file);
  }
}

async function orClose<T>(handle: FileHandle, make: () => Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    await handle.close();
    throw error;
  }
}
