import { resolve } from 'node:path';
import { SecondwindError } from '../../base/errors.ts';
import { formatIsoMoment } from '../../base/time-text.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import { openFileDisk } from '../../disk/file-disk.ts';
import type { View } from '../../repository/index.ts';
import { BlockMarks } from '../block-marks.ts';
import { BlockCipher } from './block-cipher.ts';
import type { ExportOptions, OverlayOptions } from './export-options.ts';
import type { KeptMap } from './kept-map.ts';
import { readKept, scratchFile } from './kept-overlay.ts';
import { LayeredDisk } from './layered-disk.ts';
import { ScratchDisk } from './scratch-disk.ts';

/** A view, with what was kept over it. */
export interface ExportBase {
  /** What is shown before anything is written. */
  readonly disk: ReadableDisk;
  /** Blocks that were kept. */
  readonly marks: BlockMarks;
  /** Number of the scratch file that holds them; 0 where nothing was kept. */
  readonly scratchNumber: number;
  /** Closes the view too. */
  close(): Promise<void>;
}

/**
 * Opens a view together with what an earlier export kept over it.
 * @param options - see ExportOptions
 * @throws USAGE when what was kept lies over another disk or moment; DAMAGED, IO_FAILED; the view is then closed
 */
export async function openExportBase(options: ExportOptions): Promise<ExportBase> {
  const { view, overlay } = options;
  try {
    const kept = overlay === undefined ? undefined : await readKept(overlay.scratchPath);
    if (overlay === undefined || kept === undefined) {
      const marks = new BlockMarks(view.sizeBytes);
      return { disk: view, marks, scratchNumber: 0, close: () => view.close() };
    }
    return await openKept(view, overlay, kept);
  } catch (error) {
    await view.close();
    throw error;
  }
}

async function openKept(view: View, overlay: OverlayOptions, kept: KeptMap): Promise<ExportBase> {
  assertSameMoment(view, overlay.scratchPath, kept);
  const { marks, scratchNumber, wrappedKey } = kept;
  const cipher = new BlockCipher(await overlay.keys.unwrap(wrappedKey));
  const file = await openFileDisk(scratchFile(resolve(overlay.scratchPath), scratchNumber), {
    clock: overlay.clock,
  });
  const disk = new LayeredDisk(view, new ScratchDisk(file, view.sizeBytes, cipher), marks);
  const close = async (): Promise<void> => {
    await disk.close();
    await view.close();
  };
  return { disk, marks, scratchNumber, close };
}

/**
 * Blocks kept over one moment make no sense over another.
 * @throws USAGE
 */
function assertSameMoment(view: View, scratchPath: string, kept: KeptMap): void {
  const isSame =
    kept.name.machine === view.name.machine &&
    kept.name.disk === view.name.disk &&
    kept.timeMicros === view.timeMicros &&
    kept.marks.sizeBytes === view.sizeBytes;
  if (isSame) return;
  const disk = `${kept.name.machine}/${kept.name.disk}`;
  const reason = `The overlay ${scratchPath} lies over ${disk} as it stood at ${formatIsoMoment(kept.timeMicros)}, not over this`;
  throw new SecondwindError('USAGE', { reason });
}
