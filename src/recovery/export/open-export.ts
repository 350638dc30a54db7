import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromSystemError } from '../../base/errors.ts';
import type { WritableDisk } from '../../disk/disk.ts';
import { createFileDisk } from '../../disk/file-disk.ts';
import { BlockCipher, blockKeyBytes } from './block-cipher.ts';
import { type ExportBase, openExportBase } from './export-base.ts';
import type {
  Export,
  ExportOptions,
  OverlayOptions,
  WritableExportOptions,
} from './export-options.ts';
import { removeScratches, scratchFile } from './kept-overlay.ts';
import { type OpenScratch, OverlayExport } from './overlay-export.ts';
import { ScratchDisk, scratchBytes } from './scratch-disk.ts';

/**
 * Opens a view for reading, with what was kept over it where an overlay is named.
 * @param options - see ExportOptions
 * @throws USAGE when what was kept lies over another disk or moment; DAMAGED, IO_FAILED; the view is then closed
 */
export async function openReadableExport(options: ExportOptions): Promise<Export> {
  const base = await openExportBase(options);
  return {
    disk: base.disk,
    keptBytes: base.marks.totals().totalBytes,
    writtenBytes: () => 0,
    close: () => base.close(),
  };
}

/**
 * Opens a view for reading and writing. Writes go to an encrypted scratch file whose key only this process knows until they
 * are kept; the view itself is never written.
 * @param options - see WritableExportOptions
 * @throws USAGE when what was kept lies over another disk or moment; DAMAGED, IO_FAILED, NO_SPACE; the view is then closed
 */
export async function openWritableExport(
  options: WritableExportOptions,
): Promise<Export<WritableDisk>> {
  const base = await openExportBase(options);
  try {
    return new OverlayExport(base, await openScratch(options.overlay, base), options);
  } catch (error) {
    await base.close();
    throw error;
  }
}

async function openScratch(overlay: OverlayOptions, base: ExportBase): Promise<OpenScratch> {
  const { scratchPath, clock, random } = overlay;
  const { sizeBytes } = base.disk;
  const scratchNumber = base.scratchNumber + 1;
  await prepareFolder(dirname(scratchPath));
  await removeScratches(scratchPath, base.scratchNumber);
  const key = new Uint8Array(blockKeyBytes);
  random.fill(key);
  const file = scratchFile(scratchPath, scratchNumber);
  const below = await createFileDisk(file, scratchBytes(sizeBytes), { clock });
  return { disk: new ScratchDisk(below, sizeBytes, new BlockCipher(key)), key, scratchNumber };
}

async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fromSystemError(error, 'Making the folder', folder);
  }
}
