import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';

/** Where the bytes of an archive go. */
export interface ArchiveOutput {
  /** Takes bytes, borrowed until the call ends. */
  write(bytes: Uint8Array): Promise<void>;
  /** Everything is where it belongs when this ends. */
  close(): Promise<void>;
}

/** What an output is made from. */
export interface ArchivePlace {
  /** Absolute path of a file that does not exist yet; "-" is standard output. */
  readonly path: string;
  /** Writes to standard output; gives false when nobody reads it. */
  readonly writeBytes: (bytes: Uint8Array) => Promise<boolean>;
}

/**
 * Opens the place of an archive.
 * @param place - see ArchivePlace
 * @throws ALREADY_EXISTS, IO_FAILED, NO_SPACE; while writing to standard output INTERRUPTED when its reader has gone
 */
export async function openArchiveOutput(place: ArchivePlace): Promise<ArchiveOutput> {
  if (place.path !== '-') return new ArchiveFile(place.path, await create(place.path));
  return {
    write: async (bytes) => {
      if (await place.writeBytes(bytes)) return;
      throw new SecondwindError('INTERRUPTED', { action: 'Writing the archive' });
    },
    close: () => Promise.resolve(),
  };
}

async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw fromSystemError(error, 'Making the archive', path);
    }
    throw new SecondwindError('ALREADY_EXISTS', { what: 'file', name: path }, error);
  }
}

class ArchiveFile implements ArchiveOutput {
  readonly #path: string;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#handle.appendFile(bytes);
    } catch (error) {
      throw fromSystemError(error, 'Writing', this.#path);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
    } catch (error) {
      throw fromSystemError(error, 'Writing', this.#path);
    }
  }
}
