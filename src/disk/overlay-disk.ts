import { unlink } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { blockBytes, extentQuestionsMax } from '../base/limits.ts';
import { runAll } from './awaitable.ts';
import { BlockBitmap } from './block-bitmap.ts';
import type { Awaitable, DiskExtent, ReadableDisk, WritableDisk, WriteOptions } from './disk.ts';
import { ExtentList } from './extent-list.ts';
import { createFileDisk } from './file-disk.ts';
import { assertInside } from './range.ts';
import { RangeLock } from './range-lock.ts';

/** A run of bytes that lies on one of the two disks. */
interface Run {
  readonly disk: ReadableDisk;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** A change of a byte range on the scratch disk. */
type Change = () => Awaitable<void>;

/**
 * Opens a writable overlay whose changes lie in a file that vanishes with the process, however that ends.
 * @param base - disk shown where nothing was written; stays its owner's to close
 * @param scratchFile - path of the file for changes, where nothing may be yet; its name is removed at once
 * @param clock - see FileDiskOptions
 */
export async function openOverlayDisk(
  base: ReadableDisk,
  scratchFile: string,
  clock: Clock,
): Promise<OverlayDisk> {
  const scratch = await createFileDisk(scratchFile, base.sizeBytes, { clock });
  await unlink(scratchFile);
  return new OverlayDisk(base, scratch);
}

/**
 * A writable disk over one that is never written: changed blocks lie on a scratch disk at the same offsets, and a bitmap
 * (32 MiB per TiB changed at random, far less for runs) says which. A block counts as changed once its whole content is on
 * the scratch disk; writes that overlap in a block wait for each other.
 */
export class OverlayDisk implements WritableDisk {
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** As the scratch disk. */
  readonly isFastToZero: boolean;
  readonly #base: ReadableDisk;
  readonly #scratch: WritableDisk;
  readonly #changed = new BlockBitmap();
  readonly #lock = new RangeLock();

  /**
   * @param base - disk shown where nothing was written; stays its owner's to close
   * @param scratch - disk of the same size for the changes; closed with the overlay
   */
  constructor(base: ReadableDisk, scratch: WritableDisk) {
    this.sizeBytes = base.sizeBytes;
    this.isFastToZero = scratch.isFastToZero ?? false;
    this.#base = base;
    this.#scratch = scratch;
  }

  /** @inheritdoc */
  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    assertInside(this.sizeBytes, offsetBytes, target.length);
    const runs = this.#runs(offsetBytes, target.length);
    if (runs.length === 1) return runs[0]!.disk.read(target, offsetBytes);
    return runAll(
      runs.map((run) => () => {
        const start = run.offsetBytes - offsetBytes;
        const part = target.subarray(start, start + run.lengthBytes);
        return run.disk.read(part, run.offsetBytes);
      }),
    );
  }

  /** @inheritdoc */
  write(data: Uint8Array, offsetBytes: number, options?: WriteOptions): Awaitable<void> {
    return this.#change(offsetBytes, data.length, () =>
      this.#scratch.write(data, offsetBytes, options),
    );
  }

  /** @inheritdoc */
  writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    options?: WriteOptions & { readonly mayTrim?: boolean },
  ): Awaitable<void> {
    return this.#change(offsetBytes, lengthBytes, () =>
      this.#scratch.writeZeroes(offsetBytes, lengthBytes, options),
    );
  }

  /** @inheritdoc */
  trim(offsetBytes: number, lengthBytes: number, options?: WriteOptions): Awaitable<void> {
    return this.writeZeroes(offsetBytes, lengthBytes, { ...options, mayTrim: true });
  }

  /** @inheritdoc */
  flush(): Awaitable<void> {
    return this.#scratch.flush();
  }

  /** @inheritdoc */
  extents(offsetBytes: number, lengthBytes: number): Awaitable<readonly DiskExtent[]> {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    const [first, ...others] = this.#runs(offsetBytes, lengthBytes);
    if (first === undefined) return [];
    if (others.length === 0) return first.disk.extents(first.offsetBytes, first.lengthBytes);
    return extentsOf([first, ...others.slice(0, extentQuestionsMax)]);
  }

  /** @inheritdoc */
  prefetch(offsetBytes: number, lengthBytes: number): Awaitable<void> {
    return runAll(
      this.#runs(offsetBytes, lengthBytes).map(
        (run) => () => run.disk.prefetch?.(run.offsetBytes, run.lengthBytes),
      ),
    );
  }

  /** Closes the scratch disk, not the base. */
  async close(): Promise<void> {
    await this.#scratch.close();
  }

  #runs(offsetBytes: number, lengthBytes: number): readonly Run[] {
    const end = offsetBytes + lengthBytes;
    const runs: Run[] = [];
    for (let at = offsetBytes; at < end; ) {
      const block = Math.floor(at / blockBytes);
      const next = Math.min(
        this.#changed.runEnd(block, Math.ceil(end / blockBytes)) * blockBytes,
        end,
      );
      const disk = this.#changed.has(block) ? this.#scratch : this.#base;
      runs.push({ disk, offsetBytes: at, lengthBytes: next - at });
      at = next;
    }
    return runs;
  }

  // Carries out a change: at once where nothing is in the way, else in turn with others on the same blocks.
  #change(offsetBytes: number, lengthBytes: number, change: Change): Awaitable<void> {
    assertInside(this.sizeBytes, offsetBytes, lengthBytes);
    if (lengthBytes === 0) return;
    const span = spanOf(offsetBytes, offsetBytes + lengthBytes);
    if (!this.#lock.isIdle || this.#lacksRest(span.partialBlocks)) {
      return this.#changeInTurn(span, change);
    }
    const result = change();
    if (result instanceof Promise) return this.#changeInTurn(span, () => result);
    this.#changed.add(span.start, span.end);
  }

  // Takes its place in the queue before it returns.
  async #changeInTurn(span: BlockSpan, change: Change): Promise<void> {
    const release = await this.#lock.acquire(span.start, span.end);
    try {
      for (const block of span.partialBlocks) {
        if (!this.#changed.has(block)) await this.#copyUp(block);
      }
      await change();
      this.#changed.add(span.start, span.end);
    } finally {
      release();
    }
  }

  #lacksRest(partialBlocks: readonly number[]): boolean {
    return partialBlocks.some((block) => !this.#changed.has(block));
  }

  async #copyUp(block: number): Promise<void> {
    const offsetBytes = block * blockBytes;
    const content = Buffer.allocUnsafe(Math.min(blockBytes, this.sizeBytes - offsetBytes));
    await this.#base.read(content, offsetBytes);
    await this.#scratch.write(content, offsetBytes);
    this.#changed.add(block, block + 1);
  }
}

interface BlockSpan {
  readonly start: number;
  readonly end: number;
  /** The first and last block where the bytes cover them only in part. */
  readonly partialBlocks: readonly number[];
}

const none: readonly number[] = [];

function spanOf(offsetBytes: number, endBytes: number): BlockSpan {
  const start = Math.floor(offsetBytes / blockBytes);
  const end = Math.ceil(endBytes / blockBytes);
  const isHeadPartial = offsetBytes % blockBytes !== 0;
  const isTailPartial = endBytes % blockBytes !== 0;
  if (!isHeadPartial && !isTailPartial) return { start, end, partialBlocks: none };
  const partialBlocks = new Set<number>();
  if (isHeadPartial) partialBlocks.add(start);
  if (isTailPartial) partialBlocks.add(end - 1);
  return { start, end, partialBlocks: [...partialBlocks] };
}

async function extentsOf(runs: readonly Run[]): Promise<readonly DiskExtent[]> {
  const list = new ExtentList();
  for (const run of runs) {
    const covered = list.coveredBytes;
    list.addAll(await run.disk.extents(run.offsetBytes, run.lengthBytes));
    if (list.coveredBytes - covered < run.lengthBytes) break;
  }
  return list.extents;
}
