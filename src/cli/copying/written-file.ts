import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { SecondwindError } from '../../base/errors.ts';
import type { OpenTargetFile } from './copy-target.ts';
import { type GatherMemory, gatherBytes } from './gather-memory.ts';

/** How a file is written. */
export interface WrittenFileOptions {
  /** Where it shall stand at the end. */
  readonly path: Buffer;
  /** Where it stands until it is whole, in the same folder. */
  readonly partialPath: Buffer;
  /** Where it is gathered. */
  readonly memory: GatherMemory;
  /** Whether it is read back and compared at the end. */
  readonly isVerified: boolean;
  /** Gives the whole file its metadata, before it gets its name. */
  readonly dress: (handle: FileHandle) => Promise<void>;
  /** Told when all is done; bytes of content that were written. */
  readonly done: (writtenBytes: number) => void;
}

/** A file that gets its name only when it is whole, so that an interrupted copy leaves no half file under a good name. */
export class WrittenFile implements OpenTargetFile {
  readonly #options: WrittenFileOptions;
  readonly #handle: FileHandle;
  readonly #hash: Hash | undefined;
  /** What is gathered now; undefined before the first part. */
  #gathered: Buffer | undefined;
  #gatheredLength = 0;
  #gatheredOffset = 0;
  /** The write that is under way while the next one is gathered. */
  #writing: Promise<void> = Promise.resolve();
  #hashedBytes = 0;
  #writtenBytes = 0;

  private constructor(options: WrittenFileOptions, handle: FileHandle) {
    this.#options = options;
    this.#handle = handle;
    this.#hash = options.isVerified ? createHash('sha256') : undefined;
  }

  /**
   * Begins a file.
   * @param options - see WrittenFileOptions
   * @throws system errors
   */
  static async begin(options: WrittenFileOptions): Promise<WrittenFile> {
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
    const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
    // What an interrupted copy left behind; a link is removed, not followed.
    await unlink(options.partialPath).catch(() => undefined);
    return new WrittenFile(options, await open(options.partialPath, flags, 0o600));
  }

  /** @inheritdoc */
  async write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    this.#writtenBytes += bytes.length;
    this.#hashTo(offsetBytes);
    this.#hash?.update(bytes);
    this.#hashedBytes += bytes.length;
    for (let done = 0; done < bytes.length; ) {
      const isNext = this.#gatheredOffset + this.#gatheredLength === offsetBytes + done;
      if (!isNext || this.#gatheredLength === gatherBytes) await this.#flush(offsetBytes + done);
      const part = bytes.subarray(done, done + gatherBytes - this.#gatheredLength);
      this.#gathered ??= this.#options.memory.take();
      this.#gathered.set(part, this.#gatheredLength);
      this.#gatheredLength += part.length;
      done += part.length;
    }
  }

  /** @inheritdoc */
  async finish(sizeBytes: number): Promise<void> {
    try {
      await this.#flush(0);
      await this.#writing;
      await this.#handle.truncate(sizeBytes);
      this.#hashTo(sizeBytes);
      if (this.#hash !== undefined) await this.#verify(this.#hash.digest('hex'));
      await this.#options.dress(this.#handle);
      await this.#handle.close();
      await rename(this.#options.partialPath, this.#options.path);
    } catch (error) {
      await this.abandon();
      throw error;
    }
    this.#options.done(this.#writtenBytes);
  }

  /** @inheritdoc */
  async abandon(): Promise<void> {
    await this.#writing.catch(() => undefined);
    await this.#handle.close().catch(() => undefined);
    await unlink(this.#options.partialPath).catch(() => undefined);
  }

  /** Begins to write what was gathered, once the write before has ended. */
  async #flush(nextOffset: number): Promise<void> {
    await this.#writing;
    const gathered = this.#gathered;
    if (gathered !== undefined) {
      const part = gathered.subarray(0, this.#gatheredLength);
      this.#writing = this.#writeOut(part, this.#gatheredOffset).finally(() =>
        this.#options.memory.give(gathered),
      );
      // Whoever flushes next, or finishes, hears of a failure.
      this.#writing.catch(() => undefined);
    }
    this.#gathered = undefined;
    this.#gatheredLength = 0;
    this.#gatheredOffset = nextOffset;
  }

  async #writeOut(bytes: Buffer, offsetBytes: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done;
      const { bytesWritten } = await this.#handle.write(bytes, done, left, offsetBytes + done);
      done += bytesWritten;
    }
  }

  /** Holes count as the zeroes that they read as. */
  #hashTo(offsetBytes: number): void {
    if (this.#hash === undefined) return;
    while (this.#hashedBytes < offsetBytes) {
      const zeroes = Buffer.alloc(Math.min(gatherBytes, offsetBytes - this.#hashedBytes));
      this.#hash.update(zeroes);
      this.#hashedBytes += zeroes.length;
    }
  }

  async #verify(expected: string): Promise<void> {
    const hash = createHash('sha256');
    const { memory } = this.#options;
    const buffer = memory.take();
    for (let offset = 0; ; ) {
      const { bytesRead } = await this.#handle.read(buffer, 0, gatherBytes, offset);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      offset += bytesRead;
    }
    memory.give(buffer);
    if (hash.digest('hex') === expected) return;
    const file = this.#options.path.toString();
    const reason = 'what was read back is not what was written';
    throw new SecondwindError('IO_FAILED', { action: 'Verifying', file, reason });
  }
}
