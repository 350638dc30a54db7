import { fromSystemError } from '../../base/errors.ts';
import { blockBytes } from '../../base/limits.ts';
import { chunkNameBytes } from '../../format/chunk-group.ts';
import type { FooterEntry } from '../../format/footer.ts';
import type { CutResult } from '../../pipeline/cut.ts';
import type { Pipeline } from '../../pipeline/operation-table.ts';
import type { SealGroupsResult } from '../../pipeline/seal-groups.ts';
import type { CommitRequest, DiskChange } from '../contract.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { SegmentLog } from '../segments/segment-log.ts';
import { type Batch, batchesOf } from './batch.ts';
import { type ChunkClaims, keyOf } from './chunk-claims.ts';
import { extentsOf, type StoredExtent } from './extent-list.ts';
import type { NewChunk, PreparedCommit } from './prepared-commit.ts';
import { Slots } from './slots.ts';

/** What preparing needs. */
export interface PreparationOptions {
  readonly pipeline: Pipeline;
  readonly keys: KeyRing;
  readonly log: SegmentLog;
  readonly claims: ChunkClaims;
  /** zstd level of chunk groups. */
  readonly compressionLevel: number;
}

/** Chunks of a batch that are not stored yet. */
interface ChunkList {
  readonly names: Uint8Array[];
  /** For each: offset in the batch's buffer in bytes, length in blocks. */
  readonly places: number[];
}

/** The growing result of one commit. */
interface Draft {
  readonly generation: number;
  readonly extents: StoredExtent[][];
  readonly names: Uint8Array[];
  readonly knownNumbers: number[];
  /** Name → position in names, from 1. */
  readonly positions: Map<string, number>;
  readonly newChunks: NewChunk[];
  newBytes: number;
  storedBytes: number;
}

/** Plain bytes sealed by one job: small enough that a read never waits long for a thread. */
const sealJobBlocks = 512;

/**
 * First half of storing a commit: its blocks are cut, named, looked up, and what is new is sealed and written.
 * Batches of all commits are cut and sealed in parallel, but looked up in the order in which they were handed in. So a
 * commit refers only to chunks of its own or of commits before it, and these are finished first.
 */
export class Preparation {
  readonly #options: PreparationOptions;
  readonly #slots: Slots;
  #lookUps: Promise<unknown> = Promise.resolve();
  #handedIn: Promise<unknown> = Promise.resolve();

  /** @param options - see PreparationOptions */
  constructor(options: PreparationOptions) {
    this.#options = options;
    this.#slots = new Slots(options.pipeline.width * 2 + 2);
  }

  /**
   * Cuts, names and stores what is new.
   * @param request - its memory is borrowed until the call ends
   * @throws NO_SPACE, IO_FAILED
   */
  async prepare(request: CommitRequest): Promise<PreparedCommit> {
    const draft: Draft = {
      generation: this.#options.log.generation,
      extents: request.disks.map((disk) => zeroExtents(disk)),
      names: [],
      knownNumbers: [],
      positions: new Map(),
      newChunks: [],
      newBytes: 0,
      storedBytes: 0,
    };
    const underWay: Promise<void>[] = [];
    const handingIn = this.#handedIn.then(() => this.#handIn(request, draft, underWay));
    this.#handedIn = handingIn.catch(() => undefined);
    const handedIn = await Promise.allSettled([handingIn]);
    const results = [...handedIn, ...(await Promise.allSettled(underWay))];
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      // Others may count on chunks that this commit had claimed and now does not store.
      this.#options.log.abandon(draft.generation);
      throw fromSystemError(failed.reason, 'Storing', 'a commit');
    }
    for (const extents of draft.extents) extents.sort(byBlock);
    return { request, ...draft, changedBytes: changedBytesOf(request) };
  }

  /** One commit hands in all its batches before the next one does: their order is the order of the look-ups. */
  async #handIn(request: CommitRequest, draft: Draft, underWay: Promise<void>[]): Promise<void> {
    for (const [diskIndex, disk] of request.disks.entries()) {
      for (const batch of batchesOf(disk, diskIndex)) {
        const release = await this.#slots.take();
        const done = this.#prepareBatch(batch, draft).finally(release);
        done.catch(() => undefined);
        underWay.push(done);
      }
    }
  }

  async #prepareBatch(batch: Batch, draft: Draft): Promise<void> {
    const { pipeline, keys } = this.#options;
    const { buffer, runs, firstBlocks } = batch;
    const job = { buffer, runs, firstBlocks, nameKey: keys.nameKey };
    const cutting = pipeline.run('cut', job, 'store');
    // It may fail before its turn to be looked at has come.
    cutting.catch(() => undefined);
    const looking = this.#lookUps.then(async () => this.#lookUp(batch, await cutting, draft));
    this.#lookUps = looking.catch(() => undefined);
    const fresh = await looking;
    await Promise.all(slices(fresh).map((part) => this.#seal(batch.buffer, part, draft)));
  }

  #lookUp(batch: Batch, cut: CutResult, draft: Draft): ChunkList {
    const fresh: ChunkList = { names: [], places: [] };
    const toDisk = diskBlocksOf(batch);
    const extents = draft.extents[batch.diskIndex] ?? [];
    for (let index = 0; index < cut.areZero.length; index++) {
      const offsetBytes = cut.pieces[index * 2] ?? 0;
      const blockCount = cut.pieces[index * 2 + 1] ?? 0;
      const firstBlock = toDisk(offsetBytes);
      if (cut.areZero[index] === 1) {
        extents.push(...extentsOf(firstBlock, blockCount, 0));
        continue;
      }
      const name = cut.names.subarray(index * chunkNameBytes, (index + 1) * chunkNameBytes);
      const known = draft.positions.get(keyOf(name));
      const position = known ?? draft.names.push(name);
      extents.push(...extentsOf(firstBlock, blockCount, position));
      if (known !== undefined) continue;
      draft.positions.set(keyOf(name), position);
      const { number, isNew } = this.#options.claims.claim(name, draft.generation);
      draft.knownNumbers.push(number);
      if (!isNew) continue;
      fresh.names.push(name);
      fresh.places.push(offsetBytes, blockCount);
      draft.newBytes += blockCount * blockBytes;
    }
    return fresh;
  }

  async #seal(buffer: SharedArrayBuffer, part: ChunkList, draft: Draft): Promise<void> {
    const { pipeline, log, compressionLevel } = this.#options;
    const chunks = Uint32Array.from(part.places);
    const names = Buffer.concat(part.names);
    const { segment, sealed } = await log.store(
      (place) =>
        pipeline.run(
          'sealGroups',
          { buffer, chunks, names, place, level: compressionLevel },
          'store',
        ),
      (result) => footerEntries(part, result),
    );
    draft.storedBytes += sealed.bytes.length;
    for (const [index, name] of part.names.entries()) {
      const place = {
        segment,
        entryOffsetBytes: sealed.places[index * 2] ?? 0,
        startBlock: sealed.places[index * 2 + 1] ?? 0,
        blockCount: part.places[index * 2 + 1] ?? 0,
      };
      draft.newChunks.push({ name, place });
    }
  }
}

function zeroExtents(disk: DiskChange): StoredExtent[] {
  const extents: StoredExtent[] = [];
  for (const run of disk.runs) {
    if (run.data !== undefined) continue;
    for (const extent of extentsOf(run.firstBlock, run.blockCount, 0)) extents.push(extent);
  }
  return extents;
}

/** Pieces come in the order of the runs, so one step forward at a time finds the run of each. */
function diskBlocksOf(batch: Batch): (offsetBytes: number) => number {
  let run = 0;
  return (offsetBytes) => {
    while (offsetBytes >= endOf(batch, run)) run++;
    const start = batch.runs[run * 2] ?? 0;
    return (batch.firstBlocks[run] ?? 0) + (offsetBytes - start) / blockBytes;
  };
}

function endOf(batch: Batch, run: number): number {
  return (batch.runs[run * 2] ?? Infinity) + (batch.runs[run * 2 + 1] ?? 0) * blockBytes;
}

function slices(list: ChunkList): ChunkList[] {
  const parts: ChunkList[] = [];
  let start = 0;
  let blocks = 0;
  for (let index = 0; index < list.names.length; index++) {
    blocks += list.places[index * 2 + 1] ?? 0;
    if (blocks < sealJobBlocks && index < list.names.length - 1) continue;
    parts.push({
      names: list.names.slice(start, index + 1),
      places: list.places.slice(start * 2, (index + 1) * 2),
    });
    start = index + 1;
    blocks = 0;
  }
  return parts;
}

function footerEntries(part: ChunkList, sealed: SealGroupsResult): FooterEntry[] {
  const entries: { offsetBytes: number; chunks: { name: Uint8Array; blockCount: number }[] }[] = [];
  for (const [index, name] of part.names.entries()) {
    const offsetBytes = sealed.places[index * 2] ?? 0;
    if (entries.at(-1)?.offsetBytes !== offsetBytes) entries.push({ offsetBytes, chunks: [] });
    entries.at(-1)?.chunks.push({ name, blockCount: part.places[index * 2 + 1] ?? 0 });
  }
  return entries.map((entry) => ({ type: 'group', ...entry }));
}

function byBlock(left: StoredExtent, right: StoredExtent): number {
  return left.region - right.region || left.startBlock - right.startBlock;
}

function changedBytesOf(request: CommitRequest): number {
  let blocks = 0;
  for (const disk of request.disks) for (const run of disk.runs) blocks += run.blockCount;
  return blocks * blockBytes;
}
