import type { ReadableDisk } from '../disk/disk.ts';
import type { FileSystem } from './file-system.ts';
import { fileSystemReaders } from './readers.ts';

/** As much of a volume's beginning as any reader needs to recognise its own: the btrfs superblock ends at 68 KiB. */
const headBytes = 128 * 1024;

/** As much of its end: the last sector. */
const tailBytes = 4096;

/**
 * Finds out what a volume holds and opens it.
 * @param volume - a partition, logical volume or whole disk; stays the caller's to close, after the file system
 * @returns the file system; undefined when no reader recognises it
 * @throws FILE_SYSTEM_DAMAGED, CANNOT_LOOK_INSIDE; what the volume throws
 */
export async function openFileSystem(volume: ReadableDisk): Promise<FileSystem | undefined> {
  const head = new Uint8Array(Math.min(headBytes, volume.sizeBytes));
  await volume.read(head, 0);
  const reader = fileSystemReaders.find((candidate) => candidate.recognises(head));
  if (reader !== undefined) return reader.open(volume);
  const tail = new Uint8Array(Math.min(tailBytes, volume.sizeBytes));
  await volume.read(tail, volume.sizeBytes - tail.length);
  return fileSystemReaders.find((candidate) => candidate.recognisesEnd?.(tail))?.open(volume);
}
