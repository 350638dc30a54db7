import type { Micros } from '../../base/clock.ts';
import { blockBytes, regionBlocks } from '../../base/limits.ts';
import type { ExchangeCommit } from '../../format/exchange-commit.ts';
import type { View, ViewOpener } from '../../repository/contract.ts';
import type { KeyedHasher } from '../keyed-hash.ts';
import { knownChunksMax } from '../limits.ts';

interface ChunkPlace {
  readonly disk: string;
  readonly firstBlock: number;
  readonly blockCount: number;
  /** A moment at which it lies there. */
  readonly timeMicros: Micros;
}

/**
 * Where chunks that a machine sent lately lie in its own history. Only a cache: what it says is read and hashed again before it is
 * believed, and what it does not know is sent once more. It knows nothing of other machines, so nothing can be learnt of them.
 */
export class KnownChunks {
  readonly #machine: string;
  readonly #views: ViewOpener;
  readonly #places = new Map<string, ChunkPlace>();

  /**
   * @param machine - whose
   * @param views - its history
   */
  constructor(machine: string, views: ViewOpener) {
    this.#machine = machine;
    this.#views = views;
  }

  /** Forgets everything: names are made with another key. */
  clear(): void {
    this.#places.clear();
  }

  /**
   * Takes note of the chunks of a commit.
   * @param commit - stored
   * @param timeMicros - at that moment
   */
  add({ record, chunkBlocks }: ExchangeCommit, timeMicros: Micros): void {
    for (const { disk, regions } of record.disks) {
      for (const { region, extents } of regions) {
        for (const { chunk, chunkStartBlock, blockCount, startBlock } of extents) {
          const isWhole =
            chunk > 0 && chunkStartBlock === 0 && blockCount === chunkBlocks[chunk - 1];
          if (!isWhole) continue;
          const firstBlock = region * regionBlocks + startBlock;
          const place = { disk, firstBlock, blockCount, timeMicros };
          this.#put(nameText(record.chunkNames[chunk - 1]!), place);
        }
      }
    }
  }

  /**
   * Finds the content of those chunks of a commit that are known.
   * @param commit - being received
   * @param hasher - names chunks
   * @returns content by number of the chunk, from 0
   */
  async find(
    { record, chunkBlocks }: ExchangeCommit,
    hasher: KeyedHasher,
  ): Promise<Map<number, Uint8Array>> {
    const found = new Map<number, Uint8Array>();
    await using views = new OpenedViews(this.#machine, this.#views);
    for (const [chunk, name] of record.chunkNames.entries()) {
      const place = this.#places.get(nameText(name));
      if (place === undefined || place.blockCount !== chunkBlocks[chunk]) continue;
      const content = await views.read(place);
      const isIt = content !== undefined && Buffer.from(await hasher.hash(content)).equals(name);
      if (isIt) found.set(chunk, content);
      else this.#places.delete(nameText(name));
    }
    return found;
  }

  #put(name: string, place: ChunkPlace): void {
    this.#places.delete(name);
    this.#places.set(name, place);
    if (this.#places.size <= knownChunksMax) return;
    const [oldest] = this.#places.keys();
    if (oldest !== undefined) this.#places.delete(oldest);
  }
}

function nameText(name: Uint8Array): string {
  return Buffer.from(name).toString('latin1');
}

/** Views opened for one commit: many of its chunks lie at few moments. */
class OpenedViews {
  readonly #machine: string;
  readonly #views: ViewOpener;
  readonly #opened = new Map<string, Promise<View | undefined>>();

  constructor(machine: string, views: ViewOpener) {
    this.#machine = machine;
    this.#views = views;
  }

  /** @returns undefined when it cannot be read, for whatever reason: then it is sent again */
  async read(place: ChunkPlace): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { disk, timeMicros, firstBlock, blockCount } = place;
    const key = `${timeMicros}/${disk}`;
    const opening = this.#opened.get(key) ?? this.#open(disk, timeMicros);
    this.#opened.set(key, opening);
    const view = await opening;
    const content = Buffer.alloc(blockCount * blockBytes);
    const start = firstBlock * blockBytes;
    if (view === undefined || start >= view.sizeBytes) return undefined;
    try {
      await view.read(content.subarray(0, view.sizeBytes - start), start);
      return content;
    } catch {
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opening of this.#opened.values()) await (await opening)?.close();
  }

  async #open(disk: string, timeMicros: Micros): Promise<View | undefined> {
    const name = { machine: this.#machine, disk };
    return this.#views
      .openView(name, timeMicros, { isFillingAllowed: true })
      .catch(() => undefined);
  }
}
