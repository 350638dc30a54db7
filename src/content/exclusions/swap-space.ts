import { blockBytes } from '../../base/limits.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import type { ByteRange } from '../../filesystem/file-system.ts';

/** Pages of Linux, bytes: the header of swap space is as long as one. */
const pageSizes = [4096, 8192, 16_384, 32_768, 65_536];

/**
 * What of a volume is swap space of Linux that nobody has hibernated to, apart from its header, without which it could not be used again.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 1024 | 4 | version, 1 |
 * | 1028 | 4 | number of the last page |
 * | page − 10 | 10 | "SWAPSPACE2"; another word while the memory of a hibernated system lies there |
 * @param volume - partition, logical volume or whole disk
 * @returns undefined when it is something else
 * @source Linux include/linux/swap.h, union swap_header; kernel/power/swap.c, HIBERNATE_SIG
 */
export async function swapSpaceOf(volume: ReadableDisk): Promise<ByteRange | undefined> {
  const headBytes = pageSizes.at(-1)!;
  if (volume.sizeBytes <= headBytes) return undefined;
  const head = Buffer.alloc(headBytes);
  await volume.read(head, 0);
  const pageBytes = pageSizes.find(
    (bytes) => head.toString('latin1', bytes - 10, bytes) === 'SWAPSPACE2',
  );
  if (pageBytes === undefined || head.readUInt32LE(1024) !== 1) return undefined;
  const endBytes = Math.min((head.readUInt32LE(1028) + 1) * pageBytes, volume.sizeBytes);
  const lengthBytes = endBytes - headBytes;
  return lengthBytes < blockBytes ? undefined : { offsetBytes: headBytes, lengthBytes };
}
