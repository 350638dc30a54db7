import { fromSystemError } from '../../base/errors.ts';
import { blockBytes } from '../../base/limits.ts';
import { chunkNameBytes } from '../../format/chunk-group.ts';
import type { FooterEntry } from '../../format/footer.ts';
import { type CutResult, spanWords } from '../../pipeline/cut.ts';
import type { Pipeline } from '../../pipeline/operation-table.ts';
import type { CommitRequest, DiskChange } from '../contract.ts';
import type { NameList } from '../index-tables/name-list.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { SegmentLog } from '../segments/segment-log.ts';
import { type Batch, batchesOf } from './batch.ts';
import { type ChunkClaims, mustStore } from './chunk-claims.ts';
import { CommitNames } from './commit-names.ts';
import { addExtents, type StoredExtent } from './extent-list.ts';
import { type PreparedCommit, placeWords, type StoredChunks } from './prepared-commit.ts';
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
interface FreshChunks {
  /** Positions in the commit's names. */
  readonly positions: number[];
  /** For each spanWords numbers: where it lies in the batch's memories. */
  readonly spans: number[];
}

/** The growing result of one commit. */
interface Draft {
  readonly generation: number;
  readonly extents: StoredExtent[][];
  readonly names: CommitNames;
  readonly stored: StoredChunks[];
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
    const { log, claims } = this.#options;
    const draft: Draft = {
      generation: log.generation,
      extents: request.disks.map((disk) => zeroExtents(disk)),
      names: new CommitNames(),
      stored: [],
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
      log.abandon(draft.generation);
      claims.settle(draft.names);
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
    const { buffers, runs, firstBlocks } = batch;
    const job = { buffers, runs, firstBlocks, nameKey: keys.nameKey };
    const cutting = pipeline.run('cut', job, 'store');
    // It may fail before its turn to be looked at has come.
    cutting.catch(() => undefined);
    const looking = this.#lookUps.then(async () => this.#lookUp(batch, await cutting, draft));
    this.#lookUps = looking.catch(() => undefined);
    const fresh = await looking;
    // All of them end before the memory that they read may be used for something else, also when one fails.
    const sealing = await Promise.allSettled(
      slices(fresh).map((part) => this.#seal(batch, part, draft)),
    );
    for (const result of sealing) if (result.status === 'rejected') throw result.reason;
  }

  #lookUp(batch: Batch, cut: CutResult, draft: Draft): FreshChunks {
    const fresh: FreshChunks = { positions: [], spans: [] };
    const { pieces, firstBlocks, areZero, names } = cut;
    const words = new Uint32Array(names.buffer, names.byteOffset, names.length / 4);
    const extents = draft.extents[batch.diskIndex] ?? [];
    for (let index = 0; index < areZero.length; index++) {
      const firstBlock = firstBlocks[index] ?? 0;
      const blockCount = pieces[index * spanWords + 2] ?? 0;
      if (areZero[index] === 1) {
        addExtents(extents, { firstBlock, blockCount, chunk: 0 });
        continue;
      }
      const known = draft.names.list.find(words, index);
      const chunk = known === 0 ? draft.names.list.add(words, index) : known;
      addExtents(extents, { firstBlock, blockCount, chunk });
      if (known !== 0 || !this.#mustStore(draft, chunk)) continue;
      const span = index * spanWords;
      fresh.positions.push(chunk);
      fresh.spans.push(pieces[span] ?? 0, pieces[span + 1] ?? 0, blockCount);
      draft.newBytes += blockCount * blockBytes;
    }
    return fresh;
  }

  #mustStore({ names, generation }: Draft, position: number): boolean {
    const number = this.#options.claims.claimNewest(names, generation);
    if (number === mustStore) return true;
    names.setNumber(position, number);
    return false;
  }

  async #seal(batch: Batch, part: FreshChunks, draft: Draft): Promise<void> {
    const { pipeline, log, compressionLevel } = this.#options;
    const chunks = Uint32Array.from(part.spans);
    const names = namesAt(draft.names.list, part.positions);
    const job = { buffers: batch.buffers, chunks, names, level: compressionLevel };
    const { segment, sealed } = await log.store(
      (place) => pipeline.run('sealGroups', { ...job, place }, 'store'),
      ({ places }) =>
        () =>
          footerEntries(names, places),
    );
    draft.storedBytes += sealed.bytes.length;
    const positions = Uint32Array.from(part.positions);
    draft.stored.push({ segment, positions, places: sealed.places });
  }
}

function zeroExtents(disk: DiskChange): StoredExtent[] {
  const extents: StoredExtent[] = [];
  for (const run of disk.runs) {
    if (run.data !== undefined) continue;
    const { firstBlock, blockCount, isExcluded } = run;
    addExtents(extents, { firstBlock, blockCount, isExcluded, chunk: 0 });
  }
  return extents;
}

function slices(list: FreshChunks): FreshChunks[] {
  const parts: FreshChunks[] = [];
  let start = 0;
  let blocks = 0;
  for (let index = 0; index < list.positions.length; index++) {
    blocks += list.spans[index * spanWords + 2] ?? 0;
    if (blocks < sealJobBlocks && index < list.positions.length - 1) continue;
    parts.push({
      positions: list.positions.slice(start, index + 1),
      spans: list.spans.slice(start * spanWords, (index + 1) * spanWords),
    });
    start = index + 1;
    blocks = 0;
  }
  return parts;
}

function namesAt(list: NameList, positions: readonly number[]): Uint8Array {
  const names = new Uint8Array(positions.length * chunkNameBytes);
  for (const [index, position] of positions.entries()) {
    names.set(list.nameAt(position), index * chunkNameBytes);
  }
  return names;
}

function footerEntries(names: Uint8Array, places: Uint32Array): FooterEntry[] {
  const entries: { offsetBytes: number; chunks: { name: Uint8Array; blockCount: number }[] }[] = [];
  for (let index = 0; index < places.length / placeWords; index++) {
    const offsetBytes = places[index * placeWords] ?? 0;
    const blockCount = places[index * placeWords + 2] ?? 0;
    const name = names.subarray(index * chunkNameBytes, (index + 1) * chunkNameBytes);
    if (entries.at(-1)?.offsetBytes !== offsetBytes) entries.push({ offsetBytes, chunks: [] });
    entries.at(-1)?.chunks.push({ name, blockCount });
  }
  return entries.map((entry) => ({ type: 'group', ...entry }));
}

function byBlock(left: StoredExtent, right: StoredExtent): number {
  return left.region - right.region || left.startBlock - right.startBlock;
}

function changedBytesOf(request: CommitRequest): number {
  let blocks = 0;
  for (const { runs } of request.disks) {
    for (const run of runs) if (run.isExcluded !== true) blocks += run.blockCount;
  }
  return blocks * blockBytes;
}
