import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fromSystemError, SecondwindError } from '../base/errors.ts';
import type { Storage, StorageReader, StorageWriter, StoredObject } from './storage.ts';

/** Ending of an object that is being put; never listed. */
const partEnding = '.part';
const hardenPieceBytes = 1024 * 1024;

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
    const names = await namesIn(folder);
    const objects = await Promise.all(
      names.map(async (name) => {
        const sizeBytes = await fileSize(join(folder, name));
        return sizeBytes === undefined ? [] : [{ name: prefix + name, sizeBytes }];
      }),
    );
    return objects.flat();
  }

  /** See Storage. */
  async create(name: string): Promise<StorageWriter> {
    const path = join(this.#folder, name);
    try {
      await this.#makeFolder(dirname(path));
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
    const part = path + partEnding;
    await removeFile(part);
    const writer = await this.create(name + partEnding);
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
    return new LocalReader(await openExisting(path, 'r'), path);
  }

  /** See Storage. */
  async harden(name: string, fromBytes: number): Promise<void> {
    const path = join(this.#folder, name);
    const file = await openExisting(path, 'r+');
    try {
      await rewrite(file, fromBytes);
      await file.sync();
    } catch (error) {
      throw fromSystemError(error, 'Syncing', path);
    } finally {
      await closeFile(file, path);
    }
    await syncFolders(dirname(path), this.#folder);
  }

  /** See Storage. */
  async delete(name: string): Promise<void> {
    const path = join(this.#folder, name);
    await removeFile(path);
    await syncFolder(dirname(path));
  }

  /** What lies above our own folder is made durable when it was made here; below it, the writer's sync does it. */
  async #makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (first === undefined || first.length > this.#folder.length) return;
    await syncFolders(dirname(this.#folder), dirname(first));
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
      await writeAll(this.#file, bytes, offsetBytes);
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
    await closeFile(this.#file, this.#path);
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
    try {
      return (await this.#file.stat()).size;
    } catch (error) {
      throw fromSystemError(error, 'Reading', this.#path);
    }
  }

  async read(target: Uint8Array, offsetBytes: number): Promise<number> {
    try {
      return await readAll(this.#file, target, offsetBytes);
    } catch (error) {
      throw fromSystemError(error, 'Reading', this.#path);
    }
  }

  async close(): Promise<void> {
    await closeFile(this.#file, this.#path);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(partEnding));
    return files.map(({ name }) => name).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fromSystemError(error, 'Listing', folder);
  }
}

/** @returns undefined when the file was removed meanwhile */
async function fileSize(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fromSystemError(error, 'Listing', path);
  }
}

async function openExisting(path: string, flags: 'r' | 'r+'): Promise<FileHandle> {
  try {
    return await open(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw fromSystemError(error, 'Opening', path);
    }
    throw new SecondwindError('NOT_FOUND', { what: 'stored object', name: path }, error);
  }
}

async function closeFile(file: FileHandle, path: string): Promise<void> {
  try {
    await file.close();
  } catch (error) {
    throw fromSystemError(error, 'Closing', path);
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw fromSystemError(error, 'Deleting', path);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, offsetBytes: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offsetBytes + done);
    done += bytesWritten;
  }
}

async function readAll(file: FileHandle, target: Uint8Array, offsetBytes: number): Promise<number> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await file.read(target, done, target.length - done, offsetBytes + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** After a failed sync the pages count as clean although they are not on the disk; writing them makes them dirty again. */
async function rewrite(file: FileHandle, fromBytes: number): Promise<void> {
  const piece = Buffer.allocUnsafe(hardenPieceBytes);
  let at = fromBytes;
  for (;;) {
    const length = await readAll(file, piece, at);
    if (length === 0) return;
    await writeAll(file, piece.subarray(0, length), at);
    at += length;
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
