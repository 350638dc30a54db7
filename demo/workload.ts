import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../src/base/clock.ts';
import { integerBelow, oneOf, type Random, seededRandom } from '../src/base/random.ts';
import { type GoldenRecord, hashOf } from './golden-record.ts';

const folders = ['accounts', 'documents', 'mail', 'photos'] as const;
const kibibyte = 1024;
const wordCount = 400;
/** A fast machine would fill the disk in seconds. */
const liveBytesMax = 180 * 1024 * kibibyte;

/** Writes files as people and programs do, and remembers every byte. */
export class Workload {
  readonly #root: string;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #words: readonly string[];
  readonly #record = new Map<string, string>();
  readonly #sizes = new Map<string, number>();
  #number = 0;
  /** Bytes written so far. */
  writtenBytes = 0;
  /** Time spent writing, milliseconds. */
  writingMs = 0;

  /**
   * @param root - a mounted file system
   * @param clock - measures throughput
   */
  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
    this.#random = seededRandom(2026);
    this.#words = Array.from({ length: wordCount }, () => this.#word());
  }

  /** What the file system holds now. */
  record(): GoldenRecord {
    return new Map(this.#record);
  }

  /**
   * Works for a while.
   * @param durationMs - milliseconds
   * @param signal - ends it early
   */
  async work(durationMs: number, signal: AbortSignal): Promise<void> {
    const startMs = this.#clock.steadyMs();
    while (this.#clock.steadyMs() - startMs < durationMs) {
      signal.throwIfAborted();
      await this.#act();
    }
    this.writingMs += this.#clock.steadyMs() - startMs;
  }

  /**
   * Deletes a whole folder.
   * @param folder - its name
   * @returns files that are gone
   */
  async deleteFolder(folder: (typeof folders)[number]): Promise<number> {
    await rm(join(this.#root, folder), { recursive: true });
    const gone = [...this.#record.keys()].filter((path) => path.startsWith(`${folder}/`));
    for (const path of gone) this.#forget(path);
    return gone.length;
  }

  async #act(): Promise<void> {
    const paths = [...this.#record.keys()];
    const choice = integerBelow(this.#random, 10);
    if (this.#liveBytes() > liveBytesMax) await this.#remove(oneOf(this.#random, paths));
    else if (paths.length < 20 || choice < 5) await this.#write(this.#newPath(), this.#content());
    else if (choice < 8) await this.#write(oneOf(this.#random, paths), this.#content());
    else if (choice < 9) await this.#rename(oneOf(this.#random, paths));
    else await this.#remove(oneOf(this.#random, paths));
  }

  async #write(path: string, content: Uint8Array): Promise<void> {
    const file = join(this.#root, path);
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(file, 'w');
    try {
      await handle.writeFile(content);
      if (integerBelow(this.#random, 4) === 0) await handle.sync();
    } finally {
      await handle.close();
    }
    this.#record.set(path, hashOf(content));
    this.#sizes.set(path, content.length);
    this.writtenBytes += content.length;
  }

  async #rename(path: string): Promise<void> {
    const to = this.#newPath();
    await mkdir(dirname(join(this.#root, to)), { recursive: true });
    await rename(join(this.#root, path), join(this.#root, to));
    this.#record.set(to, this.#record.get(path)!);
    this.#sizes.set(to, this.#sizes.get(path)!);
    this.#forget(path);
  }

  async #remove(path: string): Promise<void> {
    await rm(join(this.#root, path));
    this.#forget(path);
  }

  #forget(path: string): void {
    this.#record.delete(path);
    this.#sizes.delete(path);
  }

  #liveBytes(): number {
    return this.#sizes.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  #newPath(): string {
    this.#number += 1;
    const drawer = integerBelow(this.#random, 6) + 1;
    return `${oneOf(this.#random, folders)}/${drawer}/${this.#word()}-${this.#number}`;
  }

  /** Mostly text, some of it incompressible as photos are. */
  #content(): Uint8Array {
    const bytes = Buffer.allocUnsafe((integerBelow(this.#random, 512) + 1) * kibibyte);
    if (integerBelow(this.#random, 5) === 0) {
      this.#random.fill(bytes);
      return bytes;
    }
    const pieces: string[] = [];
    for (let index = 0; index < 2000; index++) pieces.push(oneOf(this.#random, this.#words));
    return bytes.fill(`${pieces.join(' ')}\n`);
  }

  #word(): string {
    const letters = Array.from({ length: 3 + integerBelow(this.#random, 7) }, () =>
      String.fromCharCode(97 + integerBelow(this.#random, 26)),
    );
    return letters.join('');
  }
}
