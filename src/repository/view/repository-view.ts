import { strict as assert } from 'node:assert';
import type { Micros } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import { blockBytes } from '../../base/limits.ts';
import type { DiskExtent } from '../../disk/disk.ts';
import { groupDirectoryBytes } from '../../format/chunk-group.ts';
import type { DiskName, View } from '../contract.ts';
import type { ChunkPlace } from '../index-tables/chunk-table.ts';
import { segmentName } from '../segments/segment-name.ts';
import { extentsIn } from './extents-in.ts';
import type { GroupCache } from './group-cache.ts';
import { planRead, type ReadPiece } from './read-plan.ts';
import type { RegionMap } from './region-map.ts';

/** What a view is made from. */
export interface RepositoryViewOptions {
  readonly name: DiskName;
  readonly timeMicros: Micros;
  readonly sizeBytes: number;
  readonly isHistoryBroken: boolean;
  readonly map: RegionMap;
  readonly groups: GroupCache;
  /** Called once when the view is closed. */
  readonly onClose: () => void;
}

/** Bytes read ahead of a reader that goes on where its last read ended. */
const readAheadBytes = 1024 * 1024;

/** One disk as it stood at one moment, put together from chunks as it is read. */
export class RepositoryView implements View {
  readonly name: DiskName;
  readonly timeMicros: Micros;
  readonly sizeBytes: number;
  readonly isHistoryBroken: boolean;
  /** Its regions, for comparing. */
  readonly map: RegionMap;
  readonly #groups: GroupCache;
  readonly #onClose: () => void;
  #isOpen = true;
  #expectedOffset = -1;
  #aheadUntil = 0;

  /** @param options - see RepositoryViewOptions */
  constructor(options: RepositoryViewOptions) {
    this.name = options.name;
    this.timeMicros = options.timeMicros;
    this.sizeBytes = options.sizeBytes;
    this.isHistoryBroken = options.isHistoryBroken;
    this.map = options.map;
    this.#groups = options.groups;
    this.#onClose = options.onClose;
  }

  /** See ReadableDisk. Answers at once when all groups are in memory. @throws DAMAGED, IO_FAILED */
  read(target: Uint8Array, offsetBytes: number): Promise<void> | undefined {
    assert(this.#isOpen && offsetBytes >= 0 && offsetBytes + target.length <= this.sizeBytes);
    if (target.length === 0) return undefined;
    const pieces = planRead(this.map, offsetBytes, target.length);
    const missing = this.#copyKnown(pieces, target);
    this.#readAhead(offsetBytes, target.length);
    if (missing.length > 0) return this.#copyMissing(missing, target);
    return undefined;
  }

  /** See ReadableDisk. Only what was never written, or is zeroes, is a hole. @throws DAMAGED */
  extents(offsetBytes: number, lengthBytes: number): readonly DiskExtent[] {
    assert(this.#isOpen && offsetBytes >= 0 && offsetBytes + lengthBytes <= this.sizeBytes);
    return extentsIn(this.map, offsetBytes, lengthBytes);
  }

  /** See ReadableDisk. */
  async close(): Promise<void> {
    if (this.#isOpen) this.#onClose();
    this.#isOpen = false;
    await Promise.resolve();
  }

  /** Fills what needs no waiting, zeroes included, and returns the rest. */
  #copyKnown(pieces: readonly ReadPiece[], target: Uint8Array): ReadPiece[] {
    const missing: ReadPiece[] = [];
    let filledTo = 0;
    for (const piece of pieces) {
      if (piece.targetOffsetBytes > filledTo) target.fill(0, filledTo, piece.targetOffsetBytes);
      filledTo = piece.targetOffsetBytes + piece.lengthBytes;
      const plain = this.#groups.get(groupOf(piece.place));
      if (plain === undefined) missing.push(piece);
      else copyPiece(plain, piece, target);
    }
    if (filledTo < target.length) target.fill(0, filledTo);
    return missing;
  }

  async #copyMissing(pieces: readonly ReadPiece[], target: Uint8Array): Promise<void> {
    const groups = await this.#groups.load(pieces.map((piece) => groupOf(piece.place)));
    for (const [index, piece] of pieces.entries()) {
      const plain = groups[index];
      assert(plain !== undefined);
      copyPiece(plain, piece, target);
    }
  }

  #readAhead(offsetBytes: number, lengthBytes: number): void {
    const isSequential = offsetBytes === this.#expectedOffset;
    this.#expectedOffset = offsetBytes + lengthBytes;
    if (!isSequential) {
      this.#aheadUntil = this.#expectedOffset;
      return;
    }
    const from = Math.max(this.#aheadUntil, this.#expectedOffset);
    const to = Math.min(this.sizeBytes, this.#expectedOffset + readAheadBytes);
    if (to - from < readAheadBytes / 2) return;
    this.#aheadUntil = to;
    const places = planRead(this.map, from, to - from).map((piece) => groupOf(piece.place));
    // Whoever reads these bytes later meets the failure, if it is still one.
    this.#groups.load(places).catch(() => undefined);
  }
}

function groupOf(place: ChunkPlace): { segment: number; offsetBytes: number } {
  return { segment: place.segment, offsetBytes: place.entryOffsetBytes };
}

function copyPiece(plain: Uint8Array, piece: ReadPiece, target: Uint8Array): void {
  const { place } = piece;
  const chunkCount = (plain[0] ?? 0) + (plain[1] ?? 0) * 256;
  const start =
    groupDirectoryBytes(chunkCount) + place.startBlock * blockBytes + piece.chunkOffsetBytes;
  const end = start + piece.lengthBytes;
  const isInside =
    end <= plain.length &&
    piece.chunkOffsetBytes + piece.lengthBytes <= place.blockCount * blockBytes;
  if (!isInside) {
    const data = { file: segmentName(place.segment), offset: place.entryOffsetBytes };
    const reason = 'the group is shorter than the index says';
    throw new SecondwindError('DAMAGED', { ...data, reason, segment: place.segment });
  }
  target.set(plain.subarray(start, end), piece.targetOffsetBytes);
}
