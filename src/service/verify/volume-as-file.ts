import { mkdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { fromSystemError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import { createFileDisk } from '../../disk/file-disk.ts';
import { OverlayDisk } from '../../disk/overlay-disk.ts';
import { BlockCipher, blockKeyBytes } from '../../recovery/export/block-cipher.ts';
import { ScratchDisk, scratchBytes } from '../../recovery/export/scratch-disk.ts';
import type { NbdListeners } from '../nbd-listeners.ts';
import type { CheckPrograms } from './check-programs.ts';

/** What showing a volume needs. */
export interface VolumeFileParts {
  readonly programs: CheckPrograms;
  readonly listeners: NbdListeners;
  readonly clock: Clock;
  /** Makes keys of overlays. */
  readonly random: Random;
  /** Absolute path of the folder that is ours alone. */
  readonly folder: string;
}

const exportName = 'volume';

/**
 * Shows a volume as a file to programs, until `use` ends. What they write goes to an encrypted overlay whose file has no name and whose
 * key nobody keeps; the volume itself is never written.
 * @param parts - see VolumeFileParts; one volume at a time
 * @param volume - stays the caller's
 * @param use - gets the path; undefined when the system has no program to show it
 * @throws IO_FAILED, NO_SPACE, USAGE; what `use` throws
 */
export async function useVolumeAsFile<Answer>(
  parts: VolumeFileParts,
  volume: ReadableDisk,
  use: (path: string | undefined) => Promise<Answer>,
): Promise<Answer> {
  const { programs, listeners, folder } = parts;
  const mountFolder = await prepareFolder(folder);
  await using closing = new AsyncDisposableStack();
  const disk = await openOverlay(parts, volume);
  closing.defer(() => disk.close());
  const socketPath = join(folder, 'nbd.sock');
  const listen = await listeners.take(`unix:${socketPath}`, exportName);
  closing.defer(() => listeners.withdraw(listen, exportName));
  listeners.serve(listen, { name: exportName, disk });
  const shown = await programs.showAsFile(mountFolder, socketPath);
  closing.defer(async () => shown?.hide());
  return await use(shown?.path);
}

/**
 * Removes what a killed server left.
 * @param parts - see VolumeFileParts
 */
export async function hideStaleVolume({ programs, folder }: VolumeFileParts): Promise<void> {
  await programs.hideStale(mountFolderOf(folder));
}

function mountFolderOf(folder: string): string {
  return join(folder, 'mount');
}

async function prepareFolder(folder: string): Promise<string> {
  const mountFolder = mountFolderOf(folder);
  try {
    await mkdir(mountFolder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw fromSystemError(error, 'Making the folder', mountFolder);
  }
  return mountFolder;
}

async function openOverlay(
  { folder, clock, random }: VolumeFileParts,
  volume: ReadableDisk,
): Promise<OverlayDisk> {
  const key = new Uint8Array(blockKeyBytes);
  random.fill(key);
  const file = join(folder, 'scratch');
  await unlink(file).catch(() => undefined);
  const below = await createFileDisk(file, scratchBytes(volume.sizeBytes), { clock });
  await unlink(file);
  const scratch = new ScratchDisk(below, volume.sizeBytes, new BlockCipher(key));
  return new OverlayDisk(volume, scratch);
}
