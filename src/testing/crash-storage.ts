import { SecondwindError } from '../base/errors.ts';
import type { Storage, StorageReader, StorageWriter, StoredObject } from '../storage/storage.ts';

/** Content of one file. Names lead to it; it lives on while somebody has it open. */
export interface CrashFile {
  /** What a reader sees now. */
  content: Buffer;
  /** What it held when the log began; empty for a file that was made since. */
  readonly initial: Buffer;
}

/** One step that a power cut can come before or after. Names are full paths; a step never lies in two folders. */
export type CrashStep =
  | { readonly kind: 'link'; readonly name: string; readonly file: CrashFile }
  | {
      readonly kind: 'rename';
      readonly from: string;
      readonly name: string;
      readonly file: CrashFile;
    }
  | { readonly kind: 'unlink'; readonly name: string }
  | {
      readonly kind: 'write';
      readonly file: CrashFile;
      readonly offsetBytes: number;
      readonly data: Buffer;
    }
  | { readonly kind: 'sync'; readonly file: CrashFile }
  /** The sync failed: what was written since the last one is undefined for good. */
  | { readonly kind: 'lost-sync'; readonly file: CrashFile }
  | { readonly kind: 'sync-folder'; readonly folder: string }
  /** Something of another store happened, at this place in the order of things. */
  | { readonly kind: 'mark'; readonly mark: unknown };

/** Operations that can fail. Reading is one of them, but no step. */
export type CrashOperation =
  | 'create'
  | 'write'
  | 'sync'
  | 'sync-folder'
  | 'rename'
  | 'unlink'
  | 'read';

/** How an operation fails. `short`: part of a write is written before the disk is full; `late`: it fails after it was done. */
export type CrashFault = 'io' | 'full' | 'short' | 'late';

/** Decides whether an operation fails, given its number from 1. */
export type FaultPlan = (operation: CrashOperation, number: number) => CrashFault | undefined;

const nothing = Buffer.alloc(0);

/**
 * A storage in memory that logs every step a folder on a disk would take, and fails where it is told to. What a power cut
 * may leave after any of the steps is for crash-states.ts to say.
 */
export class CrashStorage implements Storage {
  /** Every step so far. */
  readonly steps: CrashStep[] = [];
  /** Files at the start of the log; they are durable. */
  readonly initial: ReadonlyMap<string, CrashFile>;
  /** Decides what fails. */
  faults: FaultPlan | undefined = undefined;
  /** Every operation but reading by a worker waits for this first; decides the order of what is under way at once. */
  pause: (() => Promise<void>) | undefined = undefined;
  /** Operations begun. */
  operationCount = 0;
  #names: Map<string, CrashFile>;
  #isDead = false;

  /** @param files - what survived, by name; copied when it is written to */
  constructor(files: ReadonlyMap<string, Buffer> = new Map()) {
    this.initial = new Map(
      [...files].map(([name, content]) => [
        name,
        { content: Buffer.from(content), initial: content },
      ]),
    );
    this.#names = new Map(this.initial);
  }

  /**
   * Kills whoever uses this storage: nothing they do from now on happens, and none of their calls ends.
   * @returns the same storage for the next process, with the same log
   */
  takeOver(): CrashStorage {
    this.#isDead = true;
    const next = new CrashStorage();
    next.steps.push(...this.steps);
    next.#names = this.#names;
    const { initial, operationCount, pause } = this;
    return Object.assign(next, { initial, operationCount, pause });
  }

  /** What a reader sees now, by name; copies. */
  get files(): Map<string, Buffer> {
    return new Map([...this.#names].map(([name, { content }]) => [name, Buffer.from(content)]));
  }

  /**
   * Notes that something else happened now.
   * @param mark - any words for the test
   */
  mark(mark: unknown): void {
    this.steps.push({ kind: 'mark', mark });
  }

  async list(prefix: string): Promise<readonly StoredObject[]> {
    await this.#begin('read', prefix);
    const isListed = (name: string): boolean =>
      name.startsWith(prefix) &&
      !name.slice(prefix.length).includes('/') &&
      !name.endsWith('.part');
    const names = [...this.#names.keys()].filter(isListed).sort();
    return names.map((name) => ({ name, sizeBytes: this.#names.get(name)!.content.length }));
  }

  async create(name: string): Promise<StorageWriter> {
    const fault = await this.#begin('create', name);
    if (this.#names.has(name)) {
      throw new SecondwindError('ALREADY_EXISTS', { what: 'stored object', name });
    }
    const file: CrashFile = { content: nothing, initial: nothing };
    this.#names.set(name, file);
    this.steps.push({ kind: 'link', name, file });
    if (fault === 'late') throw failure('io', name);
    return this.#writer(name, file);
  }

  /** Durability order: write, fsync, rename, fsync of the folder. */
  async put(name: string, bytes: Uint8Array): Promise<void> {
    const part = `${name}.part`;
    if (this.#names.delete(part)) this.steps.push({ kind: 'unlink', name: part });
    const writer = await this.create(part);
    await writer.write(bytes, 0);
    await writer.sync();
    const fault = await this.#begin('rename', name);
    const file = this.#names.get(part)!;
    this.#names.delete(part);
    this.#names.set(name, file);
    this.steps.push({ kind: 'rename', from: part, name, file });
    if (fault === 'late') throw failure('io', name);
    await this.#syncFolder(name);
  }

  async open(name: string): Promise<StorageReader> {
    await this.#begin('read', name);
    const file = this.#find(name);
    return {
      source: (target, offsetBytes) => {
        this.operationCount++;
        const fault = this.faults?.('read', this.operationCount);
        if (fault !== undefined) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        return copyFrom(file, target, offsetBytes);
      },
      sizeBytes: async () => file.content.length,
      read: async (target, offsetBytes) => {
        await this.#begin('read', name);
        return copyFrom(file, target, offsetBytes);
      },
      close: async () => undefined,
    };
  }

  async harden(name: string, fromBytes: number): Promise<void> {
    const file = this.#find(name);
    const writer = this.#writer(name, file);
    await writer.write(file.content.subarray(fromBytes), fromBytes);
    await writer.sync();
  }

  async delete(name: string): Promise<void> {
    await this.#begin('unlink', name);
    if (this.#names.delete(name)) this.steps.push({ kind: 'unlink', name });
    await this.#syncFolder(name);
  }

  #writer(name: string, file: CrashFile): StorageWriter {
    return {
      write: async (bytes, offsetBytes) => {
        const fault = await this.#begin('write', name);
        const data = Buffer.from(fault === 'short' ? bytes.subarray(0, bytes.length / 2) : bytes);
        file.content = written(file.content, data, offsetBytes);
        this.steps.push({ kind: 'write', file, offsetBytes, data });
        if (fault === 'short') throw failure('full', name);
        if (fault === 'late') throw failure('io', name);
      },
      sync: async () => {
        try {
          await this.#begin('sync', name);
        } catch (error) {
          this.steps.push({ kind: 'lost-sync', file });
          throw error;
        }
        this.steps.push({ kind: 'sync', file });
        await this.#syncFolder(name);
      },
      close: async () => undefined,
    };
  }

  async #syncFolder(name: string): Promise<void> {
    await this.#begin('sync-folder', name);
    this.steps.push({ kind: 'sync-folder', folder: folderOf(name) });
  }

  /** @returns a fault that shows only in or after the operation */
  async #begin(operation: CrashOperation, name: string): Promise<CrashFault | undefined> {
    this.operationCount++;
    const fault = this.faults?.(operation, this.operationCount);
    await this.pause?.();
    // One turn, as any operation of a real disk takes.
    // A promise of its own, so that whoever waits for ever is forgotten with it.
    await (this.#isDead ? new Promise(() => undefined) : Promise.resolve());
    if (fault === 'io' || fault === 'full') throw failure(fault, name);
    return fault;
  }

  #find(name: string): CrashFile {
    const file = this.#names.get(name);
    if (file !== undefined) return file;
    throw new SecondwindError('NOT_FOUND', { what: 'stored object', name });
  }
}

/**
 * The folder that a name lies in.
 * @param name - path
 */
export function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1);
}

/**
 * A file's content after a write.
 * @param content - before, borrowed; may be returned changed
 * @param data - copied
 * @param offsetBytes - where it goes; what lies between is zeroes
 */
export function written(content: Buffer, data: Uint8Array, offsetBytes: number): Buffer {
  const end = offsetBytes + data.length;
  const result = end <= content.length ? content : Buffer.alloc(end);
  if (result !== content) content.copy(result);
  result.set(data, offsetBytes);
  return result;
}

function copyFrom(file: CrashFile, target: Uint8Array, offsetBytes: number): number {
  const part = file.content.subarray(offsetBytes, offsetBytes + target.length);
  target.set(part);
  return part.length;
}

function failure(fault: CrashFault, file: string): SecondwindError {
  if (fault === 'full') return new SecondwindError('NO_SPACE', { file });
  return new SecondwindError('IO_FAILED', { action: 'Trying', file, reason: 'injected' });
}
