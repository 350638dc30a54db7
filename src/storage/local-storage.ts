import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import type { Storage, StorageReader, StorageWriter, StoredObject } from './storage.ts';

/** Objects as files below one folder, readable by their owner only. */
export class LocalStorage implements Storage {
  readonly #folder: string;

  /** @param folder - absolute path; made when missing */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** See Storage. */
  async list(prefix: string): Promise<readonly StoredObject[]> {
    const folder = join(this.#folder, prefix);
    try {
      const names = (await readdir(folder)).filter((name) => !name.endsWith('.part')).sort();
      return await Promise.all(
        names.map(async (name) => {
          const { size } = await stat(join(folder, name));
          return { name: prefix + name, sizeBytes: size };
        }),
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw fromSystemError(error, 'Listing', folder);
    }
  }

  /** See Storage. */
  async create(name: string): Promise<StorageWriter> {
    const path = join(this.#folder, name);
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      return new LocalWriter(await open(path, 'wx', 0o600), path, this.#folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw fromSystemError(error, 'Creating', path);
      }
      throw new SecondwindError('ALREADY_EXISTS', { what: 'stored object', name: path }, error);
    }
  }

  /** Durability order: write, fsync, rename, fsync of the folder. */
  async put(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#folder, name);
    const part = `${path}.part`;
    await rm(part, { force: true });
    const writer = await this.create(`${name}.part`);
    try {
      await writer.write(bytes, 0);
      await writer.sync();
    } finally {
      await writer.close();
    }
    try {
      await rename(part, path);
    } catch (error) {
      throw fromSystemError(error, 'Renaming', path);
    }
    await syncFolder(dirname(path));
  }

  /** See Storage. */
  async open(name: string): Promise<StorageReader> {
    const path = join(this.#folder, name);
    try {
      return new LocalReader(await open(path, 'r'), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw fromSystemError(error, 'Opening', path);
      }
      throw new SecondwindError('NOT_FOUND', { what: 'stored object', name: path }, error);
    }
  }

  /** See Storage. */
  async delete(name: string): Promise<void> {
    const path = join(this.#folder, name);
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw fromSystemError(error, 'Deleting', path);
    }
    await syncFolder(dirname(path));
  }
}

class LocalWriter implements StorageWriter {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #root: string;
  #isNameDurable = false;

  constructor(file: FileHandle, path: string, root: string) {
    this.#file = file;
    this.#path = path;
    this.#root = root;
  }

  async write(bytes: Uint8Array, offsetBytes: number): Promise<void> {
    try {
      let done = 0;
      while (done < bytes.length) {
        const length = bytes.length - done;
        const { bytesWritten } = await this.#file.write(bytes, done, length, offsetBytes + done);
        done += bytesWritten;
      }
    } catch (error) {
      throw fromSystemError(error, 'Writing', this.#path);
    }
  }

  async sync(): Promise<void> {
    try {
      await this.#file.datasync();
    } catch (error) {
      throw fromSystemError(error, 'Syncing', this.#path);
    }
    if (this.#isNameDurable) return;
    await syncFolders(dirname(this.#path), this.#root);
    this.#isNameDurable = true;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

class LocalReader implements StorageReader {
  readonly source: number;
  readonly #file: FileHandle;
  readonly #path: string;

  constructor(file: FileHandle, path: string) {
    this.source = file.fd;
    this.#file = file;
    this.#path = path;
  }

  async sizeBytes(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  async read(target: Uint8Array, offsetBytes: number): Promise<number> {
    let done = 0;
    try {
      while (done < target.length) {
        const length = target.length - done;
        const { bytesRead } = await this.#file.read(target, done, length, offsetBytes + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
    } catch (error) {
      throw fromSystemError(error, 'Reading', this.#path);
    }
    return done;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** A name survives only when every folder on the way to it does. */
async function syncFolders(folder: string, root: string): Promise<void> {
  await syncFolder(folder);
  if (folder.length > root.length) await syncFolders(dirname(folder), root);
}

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fromSystemError(error, 'Syncing', folder);
  }
}
