import { SecondwindError } from '../base/errors.ts';
import type { RandomFile } from '../capture/random-file.ts';

/** A file in memory that can fail, and lose what was not synced. */
export class MemoryFile implements RandomFile {
  /** Operations that were begun: writes and syncs. */
  operationCount = 0;
  /** Decides whether an operation fails; given its number from 1. */
  failsAt: ((operation: number) => boolean) | undefined = undefined;
  /** Makes every operation wait for this first. */
  delay: (() => Promise<void>) | undefined = undefined;
  /** Code of the errors. */
  failureCode: 'IO_FAILED' | 'NO_SPACE' = 'IO_FAILED';
  #content: Buffer = Buffer.alloc(0);
  #stable: Buffer = Buffer.alloc(0);
  #unsynced: { readonly offsetBytes: number; readonly data: Buffer }[] = [];

  async read(target: Uint8Array, offsetBytes: number): Promise<number> {
    await this.delay?.();
    return this.#content.copy(target, 0, offsetBytes);
  }

  async write(data: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#begin('Writing');
    this.#content = applied(this.#content, data, offsetBytes);
    this.#unsynced.push({ offsetBytes, data: Buffer.from(data) });
  }

  async sync(): Promise<void> {
    await this.#begin('Syncing');
    this.#stable = Buffer.from(this.#content);
    this.#unsynced = [];
  }

  async sizeBytes(): Promise<number> {
    return this.#content.length;
  }

  async close(): Promise<void> {
    await this.delay?.();
  }

  /** What is in the file now, as a reader sees it. */
  get content(): Buffer {
    return this.#content;
  }

  /**
   * The file as a power loss leaves it.
   * @param survives - decides for each unsynced write, in order, whether it reached the disk
   * @returns a new file; this one is no longer connected with it
   */
  afterPowerLoss(survives: (index: number) => boolean): MemoryFile {
    const file = new MemoryFile();
    file.#content = Buffer.from(this.#stable);
    for (const [index, { data, offsetBytes }] of this.#unsynced.entries()) {
      if (survives(index)) file.#content = applied(file.#content, data, offsetBytes);
    }
    file.#stable = Buffer.from(file.#content);
    return file;
  }

  /** Damages a byte. @param offsetBytes - which */
  flip(offsetBytes: number): void {
    this.#content[offsetBytes]! ^= 0x10;
  }

  async #begin(action: string): Promise<void> {
    const operation = ++this.operationCount;
    await this.delay?.();
    if (this.failsAt?.(operation) !== true) return;
    const file = 'a test file';
    const reason = 'it was told to';
    throw new SecondwindError(this.failureCode, { action, file, reason, systemCode: 'EIO' });
  }
}

function applied(content: Buffer, data: Uint8Array, offsetBytes: number): Buffer {
  const end = offsetBytes + data.length;
  const result =
    end > content.length ? Buffer.concat([content, Buffer.alloc(end - content.length)]) : content;
  result.set(data, offsetBytes);
  return result;
}
