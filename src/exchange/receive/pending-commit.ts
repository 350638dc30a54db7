import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { blockBytes, regionBlocks } from '../../base/limits.ts';
import { excludedStartBlock } from '../../format/commit-record.ts';
import {
  chunksOfGroups,
  decodeExchangeCommit,
  type ExchangeCommit,
  exchangeCommitDataBytes,
} from '../../format/exchange-commit.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type { BlockRun, CommitRequest, DiskChange } from '../../repository/contract.ts';
import type { KeyedHasher } from '../keyed-hash.ts';

const decompress = promisify(zstdDecompress);

/** A commit that is being received: what came of it, and what is lacking. It outlives a connection that is cut. */
export class PendingCommit {
  readonly commit: ExchangeCommit;
  /** SHA-256 of its encoding. */
  readonly digest: Buffer;
  /** Groups of which something is lacking. */
  readonly #lackingGroups = new Set<number>();
  readonly #found = new Map<number, Uint8Array>();
  readonly #received = new Map<number, Uint8Array>();
  readonly #groups: readonly (readonly number[])[];
  /** Where each chunk lies once all are together, bytes. */
  readonly #starts: readonly number[];

  /** @param encoded - copied @throws FormatFault */
  constructor(encoded: Uint8Array) {
    const copy = Uint8Array.from(encoded);
    this.commit = decodeExchangeCommit(copy);
    this.digest = createHash('sha256').update(copy).digest();
    this.#groups = chunksOfGroups(this.commit);
    let end = 0;
    this.#starts = this.commit.chunkBlocks.map(
      (count) => (end += count * blockBytes) - count * blockBytes,
    );
    for (const group of this.#groups.keys()) this.#lackingGroups.add(group);
  }

  /** Its chunks before compression, bytes. */
  get dataBytes(): number {
    return exchangeCommitDataBytes(this.commit);
  }

  /** Memory that it takes at most, bytes: as it came, and put together. */
  get memoryBytes(): number {
    return 2 * this.dataBytes + this.commit.chunkBlocks.length * 200;
  }

  /** Whether nothing is lacking. */
  get isComplete(): boolean {
    return this.#lackingGroups.size === 0;
  }

  /**
   * Takes chunks that need not be sent. Only before the first answer: what is lacking of a group must not change on its way.
   * @param found - content by number of the chunk, from 0
   */
  addFound(found: ReadonlyMap<number, Uint8Array>): void {
    for (const [chunk, content] of found) this.#found.set(chunk, content);
    for (const group of [...this.#lackingGroups]) {
      if (this.#groups[group]!.every((chunk) => found.has(chunk)))
        this.#lackingGroups.delete(group);
    }
  }

  /** Which chunks are lacking, one bit each. */
  lacking(): Uint8Array {
    const bits = new Uint8Array(Math.ceil(this.commit.chunkBlocks.length / 8));
    for (const group of this.#lackingGroups) {
      for (const chunk of this.#lackingOf(group)) bits[chunk >> 3]! |= 1 << (chunk & 7);
    }
    return bits;
  }

  /**
   * Takes a group.
   * @param group - its number
   * @param packed - copied
   * @throws FormatFault when it was not asked for
   */
  addGroup(group: number, packed: Uint8Array): void {
    if (!this.#lackingGroups.delete(group)) {
      throw new FormatFault('a group came that was not asked for', 0);
    }
    const plainBytes = this.#plainBytesOf(this.#lackingOf(group));
    // As much as zstd may add to what cannot be compressed.
    if (packed.length > plainBytes + (plainBytes >> 7) + 64) {
      throw new FormatFault('a group is longer than what it holds', 0);
    }
    this.#received.set(group, Uint8Array.from(packed));
  }

  /**
   * Puts everything together, and checks each chunk by its name.
   * @param hasher - names chunks
   * @param machine - to which it belongs, whatever the sender says
   * @throws FormatFault
   */
  async toRequest(hasher: KeyedHasher, machine: string): Promise<CommitRequest> {
    const starts = this.#starts;
    const memory = new Uint8Array(new SharedArrayBuffer(exchangeCommitDataBytes(this.commit)));
    for (const [chunk, content] of this.#found) memory.set(content, starts[chunk]);
    for (const [group, packed] of this.#received) await this.#unpack(group, packed, memory);
    await this.#checkNames(memory, hasher);
    const { timeMicros, consistency, disks, notes } = this.commit.record;
    return {
      machine,
      timeMicros,
      consistency,
      disks: disks.map((disk) => changeOf(disk, starts, memory)),
      notes: notes.map(({ kind, text, disk, fromMicros }) => ({
        ...{ kind, text },
        ...(disk === '' ? {} : { disk }),
        ...(fromMicros === 0 ? {} : { fromMicros }),
      })),
    };
  }

  async #unpack(group: number, packed: Uint8Array, memory: Uint8Array): Promise<void> {
    const chunks = this.#lackingOf(group);
    const plain = await decompressed(packed, this.#plainBytesOf(chunks));
    let at = 0;
    for (const chunk of chunks) {
      const start = at;
      at += this.commit.chunkBlocks[chunk]! * blockBytes;
      memory.set(plain.subarray(start, at), this.#starts[chunk]);
    }
  }

  async #checkNames(memory: Uint8Array<SharedArrayBuffer>, hasher: KeyedHasher): Promise<void> {
    const { chunkBlocks, record } = this.commit;
    for (const [chunk, name] of record.chunkNames.entries()) {
      const start = this.#starts[chunk]!;
      const content = memory.slice(start, start + chunkBlocks[chunk]! * blockBytes);
      const hash = await hasher.hash(Uint8Array.from(content));
      if (!Buffer.from(hash).equals(name)) {
        throw new FormatFault(`chunk ${chunk} has another content than its name says`, 0);
      }
    }
  }

  #lackingOf(group: number): number[] {
    return this.#groups[group]!.filter((chunk) => !this.#found.has(chunk));
  }

  #plainBytesOf(chunks: readonly number[]): number {
    return chunks.reduce((sum, chunk) => sum + this.commit.chunkBlocks[chunk]!, 0) * blockBytes;
  }
}

async function decompressed(packed: Uint8Array, plainBytes: number): Promise<Uint8Array> {
  const plain = await decompress(packed, { maxOutputLength: plainBytes }).catch(
    (error: unknown) => {
      throw new FormatFault(`a group cannot be decompressed: ${String(error)}`, 0);
    },
  );
  if (plain.length === plainBytes) return plain;
  throw new FormatFault('a group holds less than it should', 0);
}

function changeOf(
  { disk, sizeBytes, state, regions }: ExchangeCommit['record']['disks'][number],
  starts: readonly number[],
  memory: Uint8Array<SharedArrayBuffer>,
): DiskChange {
  const runs: BlockRun[] = [];
  for (const { region, extents } of regions) {
    for (const { startBlock, blockCount, chunk, chunkStartBlock } of extents) {
      const firstBlock = region * regionBlocks + startBlock;
      if (chunk === 0) {
        const isExcluded = chunkStartBlock === excludedStartBlock;
        runs.push({ firstBlock, blockCount, ...(isExcluded ? { isExcluded } : {}) });
        continue;
      }
      const run = { firstBlock, blockCount };
      addRun(runs, run, starts[chunk - 1]! + chunkStartBlock * blockBytes, memory);
    }
  }
  return { disk, sizeBytes, state, runs };
}

/** Neighbours on the disk that are neighbours in memory are one run: fewer, longer runs cost the repository less. */
function addRun(
  runs: BlockRun[],
  { firstBlock, blockCount }: Pick<BlockRun, 'firstBlock' | 'blockCount'>,
  startBytes: number,
  memory: Uint8Array<SharedArrayBuffer>,
): void {
  const last = runs.at(-1);
  const endBytes = startBytes + blockCount * blockBytes;
  const isNext =
    last?.data !== undefined &&
    last.firstBlock + last.blockCount === firstBlock &&
    last.data.byteOffset + last.data.length === startBytes;
  if (!isNext) {
    runs.push({ firstBlock, blockCount, data: memory.subarray(startBytes, endBytes) });
    return;
  }
  const whole = { ...last, blockCount: last.blockCount + blockCount };
  runs[runs.length - 1] = { ...whole, data: memory.subarray(last.data.byteOffset, endBytes) };
}
