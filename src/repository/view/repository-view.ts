import { strict as assert } from 'node:assert';
import type { Micros } from '../../base/clock.ts';
import type { DiskExtent } from '../../disk/disk.ts';
import type { DiskName, View } from '../contract.ts';
import { extentsIn } from './extents-in.ts';
import { firstExcludedIn } from './first-excluded.ts';
import type { LoadOptions, PageCache } from './page-cache.ts';
import { type PagePiece, pagesOf, shorterGroup } from './page-pieces.ts';
import { planRead, type ReadPiece } from './read-plan.ts';
import type { RegionMap } from './region-map.ts';

/** What a view is made from. */
export interface RepositoryViewOptions {
  readonly name: DiskName;
  readonly timeMicros: Micros;
  readonly sizeBytes: number;
  readonly isHistoryBroken: boolean;
  readonly map: RegionMap;
  readonly pages: PageCache;
  readonly isReadOnce: boolean;
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
  readonly #pages: PageCache;
  readonly #loading: LoadOptions;
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
    this.#pages = options.pages;
    this.#loading = { isPassing: options.isReadOnce };
    this.#onClose = options.onClose;
  }

  /** See ReadableDisk. Answers at once when everything is in memory. @throws DAMAGED, IO_FAILED */
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

  /** See ReadableDisk. @throws DAMAGED */
  firstExcluded(offsetBytes: number, lengthBytes: number): number | undefined {
    assert(this.#isOpen && offsetBytes >= 0 && offsetBytes + lengthBytes <= this.sizeBytes);
    return firstExcludedIn(this.map, offsetBytes, lengthBytes);
  }

  /** See ReadableDisk. */
  async close(): Promise<void> {
    if (this.#isOpen) this.#onClose();
    this.#isOpen = false;
    await Promise.resolve();
  }

  /** Fills what needs no waiting, zeroes included, and returns the rest. */
  #copyKnown(pieces: readonly ReadPiece[], target: Uint8Array): PagePiece[] {
    const missing: PagePiece[] = [];
    let filledTo = 0;
    for (const piece of pieces) {
      if (piece.targetOffsetBytes > filledTo) target.fill(0, filledTo, piece.targetOffsetBytes);
      filledTo = piece.targetOffsetBytes + piece.lengthBytes;
      for (const part of pagesOf(piece)) {
        const content = this.#pages.get(part);
        if (content === undefined) missing.push(part);
        else copyPiece(content, part, target);
      }
    }
    if (filledTo < target.length) target.fill(0, filledTo);
    return missing;
  }

  /** In steps, so that a large read of a disk in small pieces takes no more memory than any other. */
  async #copyMissing(pieces: readonly PagePiece[], target: Uint8Array): Promise<void> {
    const { loadPagesMax } = this.#pages;
    for (let start = 0; start < pieces.length; start += loadPagesMax) {
      const step = pieces.slice(start, start + loadPagesMax);
      await this.#pages.load(step, this.#loading, (contents) => {
        for (const [index, piece] of step.entries())
          copyPiece(contents[index] ?? noContent, piece, target);
      });
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
    const pieces = planRead(this.map, from, to - from).flatMap((piece) => [...pagesOf(piece)]);
    // Whoever reads these bytes later meets the failure, if it is still one.
    this.#pages
      .load(pieces.slice(0, this.#pages.loadPagesMax), this.#loading, () => undefined)
      .catch(() => undefined);
  }
}

const noContent = Buffer.alloc(0);

function copyPiece(content: Buffer, piece: PagePiece, target: Uint8Array): void {
  const end = piece.pageOffsetBytes + piece.lengthBytes;
  if (end > content.length) throw shorterGroup(piece.segment, piece.offsetBytes);
  content.copy(target, piece.targetOffsetBytes, piece.pageOffsetBytes, end);
}
