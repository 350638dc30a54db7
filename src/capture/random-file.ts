import { type FileHandle, open } from 'node:fs/promises';
import { fromSystemError } from '../base/errors.ts';

/** A file that capture keeps for itself: an intent map or a spool. Tests hand in one that fails, or loses what was not synced. */
export interface RandomFile {
  /**
   * Reads up to the end of the file.
   * @param target - filled from its start
   * @param offsetBytes - where to begin
   * @returns bytes read; fewer than asked for only at the end of the file
   * @throws IO_FAILED
   */
  read(target: Uint8Array, offsetBytes: number): Promise<number>;
  /**
   * Writes bytes.
   * @param data - borrowed until the call ends
   * @param offsetBytes - where to begin
   * @throws NO_SPACE or IO_FAILED
   */
  write(data: Uint8Array, offsetBytes: number): Promise<void>;
  /** Brings what was written to stable storage. @throws IO_FAILED */
  sync(): Promise<void>;
  /** Size now, bytes. @throws IO_FAILED */
  sizeBytes(): Promise<number>;
  /** Closes the file. @throws IO_FAILED */
  close(): Promise<void>;
}

/**
 * Opens a file for reading and writing.
 * @param path - made with mode 0600 when it is not there
 * @param options - `isEmptied`: whatever it held is thrown away
 * @throws NO_SPACE or IO_FAILED
 */
export async function openRandomFile(
  path: string,
  options: { readonly isEmptied?: boolean } = {},
): Promise<RandomFile> {
  try {
    return new NodeFile(await openOrCreate(path, options.isEmptied ?? false), path);
  } catch (error) {
    throw fromSystemError(error, 'Opening', path);
  }
}

async function openOrCreate(path: string, isEmptied: boolean): Promise<FileHandle> {
  if (isEmptied) return open(path, 'w+', 0o600);
  try {
    return await open(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return open(path, 'wx+', 0o600);
  }
}

class NodeFile implements RandomFile {
  readonly #handle: FileHandle;
  readonly #path: string;

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  async read(target: Uint8Array, offsetBytes: number): Promise<number> {
    return this.#attempt('Reading', async () => {
      let done = 0;
      while (done < target.length) {
        const rest = target.length - done;
        const { bytesRead } = await this.#handle.read(target, done, rest, offsetBytes + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    });
  }

  async write(data: Uint8Array, offsetBytes: number): Promise<void> {
    await this.#attempt('Writing', async () => {
      let done = 0;
      while (done < data.length) {
        const rest = data.length - done;
        done += (await this.#handle.write(data, done, rest, offsetBytes + done)).bytesWritten;
      }
    });
  }

  async sync(): Promise<void> {
    await this.#attempt('Syncing', async () => this.#handle.datasync());
  }

  async sizeBytes(): Promise<number> {
    return this.#attempt('Reading the size', async () => (await this.#handle.stat()).size);
  }

  async close(): Promise<void> {
    await this.#attempt('Closing', async () => this.#handle.close());
  }

  async #attempt<T>(action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw fromSystemError(error, action, this.#path);
    }
  }
}
