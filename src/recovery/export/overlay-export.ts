import { recoveryPieceBytes } from '../../base/limits.ts';
import type { WritableDisk } from '../../disk/disk.ts';
import { OverlayDisk } from '../../disk/overlay-disk.ts';
import type { ExportBase } from './export-base.ts';
import type { Export, WritableExportOptions } from './export-options.ts';
import { removeScratches, writeKept } from './kept-overlay.ts';
import type { ScratchDisk } from './scratch-disk.ts';

/** A new scratch file. */
export interface OpenScratch {
  /** Closed with the export. */
  readonly disk: ScratchDisk;
  /** Key it is encrypted with. */
  readonly key: Uint8Array;
  /** Number in its name. */
  readonly scratchNumber: number;
}

/** A view being served for reading and writing. */
export class OverlayExport implements Export<WritableDisk> {
  /** What clients see. */
  readonly disk: WritableDisk;
  /** Bytes that an earlier export kept over the view. */
  readonly keptBytes: number;
  readonly #base: ExportBase;
  readonly #scratch: OpenScratch;
  readonly #options: WritableExportOptions;

  /**
   * @param base - closed with the export
   * @param scratch - receives what is written
   * @param options - see WritableExportOptions
   */
  constructor(base: ExportBase, scratch: OpenScratch, options: WritableExportOptions) {
    this.disk = new OverlayDisk(base.disk, scratch.disk);
    this.keptBytes = base.marks.totals().totalBytes;
    this.#base = base;
    this.#scratch = scratch;
    this.#options = options;
  }

  /** @inheritdoc */
  writtenBytes(): number {
    return this.#scratch.disk.marks.totals().totalBytes;
  }

  /**
   * @inheritdoc
   * @throws NO_SPACE, IO_FAILED, LIMIT_EXCEEDED
   */
  async close({ keep }: { readonly keep: boolean }): Promise<void> {
    const isKept = keep && this.#isWorthKeeping();
    const keptNumber = isKept ? await this.#keep() : this.#base.scratchNumber;
    await this.disk.close();
    await this.#base.close();
    await removeScratches(this.#options.overlay.scratchPath, keptNumber);
  }

  /** What was kept before and not written since stays as it is. */
  #isWorthKeeping(): boolean {
    return this.#base.scratchNumber === 0 || this.writtenBytes() > 0;
  }

  /** What was kept before moves to the new scratch file, so that a kept overlay is always one file. */
  async #keep(): Promise<number> {
    const { view, overlay } = this.#options;
    const { disk, key, scratchNumber } = this.#scratch;
    await this.#copyKept();
    await disk.flush();
    await writeKept(overlay.scratchPath, {
      name: view.name,
      timeMicros: view.timeMicros,
      scratchNumber,
      wrappedKey: await overlay.keys.wrap(key),
      marks: disk.marks,
    });
    return scratchNumber;
  }

  async #copyKept(): Promise<void> {
    const buffer = Buffer.allocUnsafe(recoveryPieceBytes);
    for (const { offsetBytes, lengthBytes } of this.#base.marks.spans()) {
      const endBytes = offsetBytes + lengthBytes;
      for (let at = offsetBytes; at < endBytes; ) {
        const run = this.#scratch.disk.marks.runAt(at, Math.min(endBytes, at + buffer.length));
        if (!run.isMarked) {
          const piece = buffer.subarray(0, run.endBytes - at);
          await this.#base.disk.read(piece, at);
          await this.#scratch.disk.write(piece, at);
        }
        at = run.endBytes;
      }
    }
  }
}
