import { blockBytes } from '../../base/limits.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import type { ByteRange } from '../../filesystem/file-system.ts';

/** Pages of Linux, bytes: the header of swap space is as long as one. */
const pageSizes = [4096, 8192, 16_384, 32_768, 65_536];

const headBytes = 65_536;

/**
 * What stands where swap space of Linux has its signature, ten bytes before the end of its first page.
 * @param volume - partition, logical volume or whole disk
 * @returns the ten bytes; undefined when they are no word of swap space
 */
export async function swapSignatureOf(volume: ReadableDisk): Promise<string | undefined> {
  return (await readHead(volume))?.signature;
}

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
  const found = await readHead(volume);
  if (found?.signature !== 'SWAPSPACE2' || found.head.readUInt32LE(1024) !== 1) return undefined;
  const endBytes = (found.head.readUInt32LE(1028) + 1) * found.pageBytes;
  const lengthBytes = Math.min(endBytes, volume.sizeBytes) - headBytes;
  return lengthBytes < blockBytes ? undefined : { offsetBytes: headBytes, lengthBytes };
}

interface SwapHead {
  readonly head: Buffer;
  readonly pageBytes: number;
  readonly signature: string;
}

async function readHead(volume: ReadableDisk): Promise<SwapHead | undefined> {
  if (volume.sizeBytes <= headBytes) return undefined;
  const head = Buffer.alloc(headBytes);
  await volume.read(head, 0);
  for (const pageBytes of pageSizes) {
    const signature = head.toString('latin1', pageBytes - 10, pageBytes);
    if (/^(SWAPSPACE2|S1SUSPEND|S2SUSPEND|ULSUSPEND|LINHIB0001)/.test(signature)) {
      return { head, pageBytes, signature };
    }
  }
  return undefined;
}
