import { SecondwindError } from '../base/errors.ts';
import type { Storage, StorageReader, StorageWriter, StoredObject } from './storage.ts';

/** Smallest memory of an object that grows, bytes. */
const capacityBytesMin = 4096;

/** Objects in memory: as a folder behaves while nothing goes wrong, and gone when the process ends. */
export class MemoryStorage implements Storage {
  readonly #objects = new Map<string, GrowingBytes>();

  /** See Storage. */
  async list(prefix: string): Promise<readonly StoredObject[]> {
    const names = [...this.#objects.keys()].filter((name) => isDirectlyIn(prefix, name));
    return names.sort().map((name) => ({ name, sizeBytes: this.#objects.get(name)!.length }));
  }

  /** See Storage. */
  async create(name: string): Promise<StorageWriter> {
    if (this.#objects.has(name)) {
      throw new SecondwindError('ALREADY_EXISTS', { what: 'stored object', name });
    }
    const content = new GrowingBytes();
    this.#objects.set(name, content);
    return {
      write: async (bytes, offsetBytes) => content.write(bytes, offsetBytes),
      sync: async () => undefined,
      close: async () => undefined,
    };
  }

  /** See Storage. */
  async put(name: string, bytes: Uint8Array): Promise<void> {
    const content = new GrowingBytes();
    content.write(bytes, 0);
    this.#objects.set(name, content);
  }

  /** See Storage. */
  async open(name: string): Promise<StorageReader> {
    const content = this.#find(name);
    return {
      source: (target, offsetBytes) => content.read(target, offsetBytes),
      sizeBytes: async () => content.length,
      read: async (target, offsetBytes) => content.read(target, offsetBytes),
      close: async () => undefined,
    };
  }

  /** See Storage. */
  async harden(name: string): Promise<void> {
    this.#find(name);
  }

  /** See Storage. */
  async delete(name: string): Promise<void> {
    this.#objects.delete(name);
  }

  #find(name: string): GrowingBytes {
    const content = this.#objects.get(name);
    if (content === undefined) {
      throw new SecondwindError('NOT_FOUND', { what: 'stored object', name });
    }
    return content;
  }
}

/** Bytes that are written at any place; what lies between is zeroes. */
class GrowingBytes {
  length = 0;
  #memory = Buffer.alloc(capacityBytesMin);

  write(bytes: Uint8Array, offsetBytes: number): void {
    const end = offsetBytes + bytes.length;
    if (end > this.#memory.length) this.#grow(end);
    this.#memory.set(bytes, offsetBytes);
    this.length = Math.max(this.length, end);
  }

  read(target: Uint8Array, offsetBytes: number): number {
    const piece = this.#memory.subarray(offsetBytes, Math.max(offsetBytes, this.length));
    const part = piece.subarray(0, target.length);
    target.set(part);
    return part.length;
  }

  #grow(lengthBytes: number): void {
    const larger = Buffer.alloc(Math.max(this.#memory.length * 2, lengthBytes));
    larger.set(this.#memory);
    this.#memory = larger;
  }
}

function isDirectlyIn(prefix: string, name: string): boolean {
  return name.startsWith(prefix) && !name.slice(prefix.length).includes('/');
}
